import { describeError, LanProofError } from '../../shared/errors.ts';
import { CHECKS, type Outcome, type Step } from '../../shared/evidence/verify/types.ts';
import { verdictLines } from '../../shared/i18n/verdict-lines.ts';
import { CHECK_WORDS } from '../../shared/i18n/verify-words.ts';
import { LANGUAGES, type Language } from '../../shared/i18n/words.ts';
import { type Arguments, type Command, readArguments, usage } from './command.ts';
import { progressLines } from './progress.ts';
import { systemError } from './system-error.ts';
import { checkpointOf, rootsOf, trustOf } from './verify/held.ts';
import { type RunOptions, runVerify } from './verify/run-verify.ts';

/** Whoever asks a script must never take "could not be read" for a pass: that is a fail, too. */
const EXITS: Readonly<Record<Outcome, number>> = { pass: 0, pass_with_gaps: 1, fail: 2 };

export const verifyCommand: Command = {
  summary: 'check an evidence bundle and compute its figures again',
  usage: `lanproof verify FILE [options]
  Runs fifteen checks over a bundle (lanproof-<site>-<from>-<to>.zip), prints each, and computes
  every figure again from the signed measurements. Needs no network and no collector.

  --trust FILE        list of keys that reached you another way than in the bundle (policy.txt)
  --checkpoint TEXT   a printed checkpoint: its three lines, or a file that holds them; may stand
                      several times
  --sha256 HEX        the bundle's hash as it is printed on the report
  --tsa-ca FILE       trusted certificates of time-stamp authorities, PEM
  --every             check every signature of a batch; without it one an hour, the chain of
                      hashes proves the others
  --json              the verdict as JSON
  --lang vi|en        language of the texts; default vi

  Exit codes: 0 PASS, 1 PASS WITH GAPS, 2 FAIL, or used wrongly, or not readable`,
  async run(args, io) {
    try {
      const parsed = readArguments(args, OPTIONS, ['FILE']);
      const language = languageOf(parsed);
      const options = readOptions(parsed);
      const onProgress = progressOf(io, language);
      const verdict = await runVerify({ ...options, onProgress });
      if (parsed.flag('json')) io.out(JSON.stringify(verdict));
      else for (const line of verdictLines(verdict, language)) io.out(line);
      return EXITS[verdict.outcome];
    } catch (thrown) {
      const error = systemError(thrown) ?? thrown;
      io.err(describeError(error));
      // A fault of the program itself: the stack is what a report needs.
      if (!(error instanceof LanProofError) && error instanceof Error) io.err(error.stack ?? '');
      return EXITS.fail;
    }
  },
};

const OPTIONS = {
  trust: { type: 'string' },
  checkpoint: { type: 'string', multiple: true },
  sha256: { type: 'string' },
  'tsa-ca': { type: 'string', multiple: true },
  every: { type: 'boolean' },
  json: { type: 'boolean' },
  lang: { type: 'string' },
} as const;

function readOptions(parsed: Arguments): Omit<RunOptions, 'onProgress'> {
  const sha256 = parsed.text('sha256') ?? null;
  if (sha256 !== null && !/^[0-9a-f]{64}$/i.test(sha256.replace(/\s/g, ''))) {
    throw usage('--sha256 is not 64 hex digits', 'type it as it is printed on the report');
  }
  const trust = parsed.text('trust');
  return {
    path: parsed.words[0] ?? '',
    trust: trust === undefined ? null : trustOf(trust),
    checkpoints: parsed.texts('checkpoint').map(checkpointOf),
    bundle_sha256: sha256,
    tsa_roots: parsed.texts('tsa-ca').flatMap(rootsOf),
    every: parsed.flag('every'),
  };
}

function languageOf(parsed: Arguments): Language {
  const given = parsed.text('lang') ?? 'vi';
  const known = LANGUAGES.find((language) => language === given);
  if (known === undefined) throw usage(`--lang is ${JSON.stringify(given)}`, 'write vi or en');
  return known;
}

function progressOf(io: { err(line: string): void }, language: Language): (step: Step) => void {
  // A file or a pipe is read by programs: only people are told how far it is.
  if (process.stderr.isTTY !== true) return () => {};
  return progressLines(io, ({ check, done, total }: Step) => {
    const percent = Math.min(100, Math.floor((100 * done) / Math.max(1, total)));
    return `${CHECKS.indexOf(check) + 1}/15 ${CHECK_WORDS[check][language]} ${percent} %`;
  });
}
