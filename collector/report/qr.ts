import qrcode from 'qrcode-generator';

/** White space around a QR code that readers need (ISO/IEC 18004), in modules. */
const QUIET_MODULES = 4;

/**
 * Modules of a QR code over ASCII text, row by row, true is dark; level M, so that a fold or a
 * stamp over a seventh of it does no harm. Throws a TypeError on other characters.
 */
export function qrModules(text: string): boolean[][] {
  // Beyond ASCII a reader would have to guess the encoding.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the newline is one of the text.
  if (!/^[\u0000-\u007f]*$/.test(text)) throw new TypeError('not ASCII');
  const code = qrcode(0, 'M');
  code.addData(text, 'Byte');
  code.make();
  const count = code.getModuleCount();
  const all = Array.from({ length: count }, (_, index) => index);
  return all.map((row) => all.map((column) => code.isDark(row, column)));
}

/** The code as an inline SVG that fills its container; `label` is read out in its place. */
export function qrSvg(text: string, label: string): string {
  const modules = qrModules(text);
  const side = modules.length + 2 * QUIET_MODULES;
  const runs = modules.flatMap((row, y) => runsOf(row).map((run) => ({ ...run, y })));
  const path = runs
    .map(({ x, y, length }) => `M${x + QUIET_MODULES} ${y + QUIET_MODULES}h${length}v1h-${length}z`)
    .join('');
  const open = `<svg viewBox="0 0 ${side} ${side}" role="img" shape-rendering="crispEdges">`;
  const white = `<rect width="${side}" height="${side}" fill="#fff"/>`;
  return `${open}<title>${label}</title>${white}<path fill="#000" d="${path}"/></svg>`;
}

/** Dark modules that lie side by side are one rectangle: printers leave no hair line between. */
function runsOf(row: readonly boolean[]): { x: number; length: number }[] {
  const runs: { x: number; length: number }[] = [];
  let last: { x: number; length: number } | undefined;
  for (const [x, dark] of row.entries()) {
    if (!dark) last = undefined;
    else if (last !== undefined) last.length += 1;
    else {
      last = { x, length: 1 };
      runs.push(last);
    }
  }
  return runs;
}
