/** Style of the printed checkpoint: one sheet of A4, black on white, on screen as on paper. */
export const PRINT_CSS = `
@page { size: A4; margin: 12mm 18mm; }
* { box-sizing: border-box; }
body { margin: 0; background: #e8e8e8; color: #000; }
body, td { font: 11pt/1.35 "Times New Roman", Tinos, "Liberation Serif", serif; }
main { width: 210mm; max-width: 100%; margin: 0 auto; padding: 16mm 18mm; background: #fff; }
h1 { margin: 0 0 4mm; font-size: 20pt; line-height: 1.2; }
h2 { margin: 5mm 0 2mm; font-size: 12pt; }
p { margin: 0 0 2mm; }
small { display: block; font-size: 9pt; font-weight: normal; font-style: italic; color: #444; }
h1 small { font-size: 12pt; }
.en { font-size: 9pt; font-style: italic; color: #444; }
.en small { display: inline; }
.en small::before { content: " / "; }
.demo { padding: 1mm 3mm; border: 1.5pt solid #000; font-weight: bold; }
pre, code { font-family: "Liberation Mono", "DejaVu Sans Mono", "Courier New", monospace; }
pre { margin: 0; padding: 3mm 4mm; border: 1pt solid #000; font-size: 15pt; line-height: 1.5;
  white-space: pre-wrap; overflow-wrap: anywhere; }
code { font-size: 9pt; word-break: break-all; }
.pair { display: flex; gap: 8mm; align-items: flex-start; margin-top: 5mm; }
figure { flex: none; width: 62mm; margin: 0; }
figure svg { display: block; width: 62mm; height: 62mm; border: 0.5pt solid #999; }
figcaption { margin-top: 1mm; font-size: 10pt; }
dl { flex: 1; margin: 0; min-width: 0; }
dt { font-size: 10pt; }
dt small { display: inline; }
dt small::before { content: " / "; }
dd { margin: 0 0 2.5mm; }
dd b { font-family: "Liberation Mono", "DejaVu Sans Mono", monospace; font-size: 13pt; }
table { width: 100%; border-collapse: collapse; }
td { width: 25%; height: 22mm; padding: 1.5mm 2mm; border: 0.75pt solid #000; font-size: 10pt;
  vertical-align: top; }
footer { margin-top: 4mm; }
@media print {
  body { background: none; }
  main { width: auto; padding: 0; }
  h1, h2, pre, .pair, table, footer { break-inside: avoid; }
}
@media (max-width: 700px) {
  main { padding: 5mm; }
  .pair { flex-direction: column; }
  pre { font-size: 11pt; }
  figure, figure svg { width: 100%; height: auto; }
}
`;
