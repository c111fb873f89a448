/** Checkpoints as people have them: lines typed off a sheet, or whole signed notes. */

/** Signature lines of a note; the empty line in front of them is part of the note. */
const SIGNATURE_LINE = /^\s*— /;

export function isSignatureLine(line: string): boolean {
  return SIGNATURE_LINE.test(line);
}

/** Several checkpoints with an empty line between two of them; signatures are left out. */
export function splitPrinted(text: string): string[] {
  return text
    .replace(/\r/g, '')
    .split(/\n(?:[ \t]*\n)+/)
    .map((part) => part.split('\n').filter((line) => line.trim() !== '' && !isSignatureLine(line)))
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'));
}
