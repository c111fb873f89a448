/** docs/tamperings.md, made from the table. */
import { FINDINGS } from '../../shared/evidence/verify/codes.ts';
import { CHECKS } from '../../shared/evidence/verify/types.ts';
import { AUDITORS, type Auditor, type KeyName, type Named, type Tampering } from './tampering.ts';

const HOLDS: Readonly<Record<Auditor, string>> = {
  nothing: 'nothing',
  keys: 'the log’s key',
  printed: 'the printed checkpoint',
  stamp: 'the log’s key and the root of a time-stamp authority',
  witness: 'the log’s key and the witness’s',
};
const SHORT: Readonly<Record<Auditor, string>> = {
  ...{ nothing: 'nothing', keys: 'log key', printed: 'printed checkpoint' },
  ...{ stamp: 'time-stamp', witness: 'witness' },
};
const KEY: Readonly<Record<KeyName, string>> = {
  ...{ agent: 'agent', log: 'log', document: 'document', own: 'made up' },
};

export function page(tamperings: readonly Tampering[]): string {
  const invisible = tamperings.filter((one) => namedFor(one, 'nothing') === 'unseen');
  const visible = tamperings.filter((one) => !invisible.includes(one));
  const nobody = invisible.filter((one) =>
    AUDITORS.every((auditor) => namedFor(one, auditor) === 'unseen'),
  );
  const others = invisible.filter((one) => !nobody.includes(one));
  return `${[
    ...INTRODUCTION,
    '## What cannot be seen with nothing in hand',
    '',
    `${others.length} of ${tamperings.length}. Each is seen by whoever holds what the column says.`,
    '',
    row(['what is done', 'keys', ...AUDITORS.slice(1).map((auditor) => SHORT[auditor])]),
    row(['---', '---', ...AUDITORS.slice(1).map(() => '---')]),
    ...others.map((one) =>
      row([
        one.what,
        keysOf(one),
        ...AUDITORS.slice(1).map((auditor) => told(namedFor(one, auditor))),
      ]),
    ),
    '',
    '## What the verifier cannot see, whatever is held',
    '',
    ...BEYOND,
    '',
    row(['what is done', 'keys']),
    row(['---', '---']),
    ...nobody.map((one) => row([one.what, keysOf(one)])),
    '',
    '## What everybody sees',
    '',
    `${visible.length} of ${tamperings.length}, with the check that names it to who holds nothing.`,
    '',
    row(['what is done', 'keys', 'check']),
    row(['---', '---', '---']),
    ...visible.map((one) => row([one.what, keysOf(one), told(namedFor(one, 'nothing'))])),
  ].join('\n')}\n`;
}

const INTRODUCTION = [
  '# Tamperings',
  '',
  'Made from the tests in `test/tamper/` (`node test/tamper/write-docs.ts`):',
  'every row is done to a bundle of a real collector, by a forger who makes everything anew that his',
  'keys can sign, and is then shown to auditors who hold:',
  '',
  ...AUDITORS.map((auditor) => `- **${SHORT[auditor]}**: ${HOLDS[auditor]}`),
  '',
  'Keys: what the forger has; *made up* are ones that nobody else knows. *Seen* is a failed check, or',
  'a gap that is told (marked so). *Not vouched for*: who holds a time-stamp or a witness is told that',
  'none vouches any more, who holds a sheet that the bundle does not reach up to it. The number is that',
  'of the check.',
  '',
];

const BEYOND = [
  'Measurements are proved to be what an agent signed and when, not to be true. What only the',
  'collector says, and what the bundle alone cannot show to be missing, is seen by whoever holds a copy',
  'of the whole log. A row that a masked bundle names as not recomputable is in the full one. Use a',
  'verifier of your own, never the one in the bundle.',
];

function namedFor({ named }: Tampering, auditor: Auditor): Named {
  return typeof named === 'string' ? named : named[auditor];
}

function keysOf({ keys }: Tampering): string {
  return keys.length === 0 ? 'none' : keys.map((key) => KEY[key]).join(', ');
}

function told(named: Named): string {
  if (named === 'unseen') return '–';
  const [check, severity] = FINDINGS[named];
  const number = CHECKS.indexOf(check) + 1;
  const mark = severity === 'failed' ? '' : severity === 'gap' ? ', gap' : ', not vouched for';
  return `${number} ${check}${mark} (\`${named}\`)`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
