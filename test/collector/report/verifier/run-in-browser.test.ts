import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { gunzipSync } from 'node:zlib';
import { runInBrowser } from '../../../../collector/report/verifier/run-in-browser.ts';
import { takeApart, textOf } from '../../../support/tamper.ts';
import { findings, told } from '../../../support/verify-kit.ts';

const vector = join(import.meta.dirname, '../../../fixtures/vectors/bundle.json');
const { gzip_of_zip } = JSON.parse(readFileSync(vector, 'utf8'));
const zip = new Uint8Array(gunzipSync(Buffer.from(gzip_of_zip, 'base64')));

async function given(checkpoints: string) {
  const file = new Blob([zip]);
  const held = { sha256: '', trust: '', tsa_ca: '', every: false };
  return await runInBrowser(
    { file, checkpoints, ...held },
    () => {},
    async () => {},
  );
}

test('printed lines and whole signed notes may be pasted, one behind the other', async () => {
  const note = textOf(await takeApart(zip), 'logs/1/checkpoint.txt');
  const three = note.split('\n').slice(0, 3).join('\n');
  const pasted = [
    [note, 1],
    [note.replaceAll('\n', '\r\n'), 1],
    [`${note}— someone.example/else ${Buffer.alloc(76, 5).toString('base64')}\n`, 1],
    [`${note}\n${note}`, 2],
    [`\n\n${three}\n \n${note}\n\n\n${three}\n`, 3],
  ] as const;
  for (const [text, printed] of pasted) {
    const verdict = await given(text);
    assert.notEqual(verdict.outcome, 'fail', told(verdict).join('\n'));
    assert.equal(verdict.exposure.printed, printed, text);
  }
});

test('two checkpoints that nothing parts are named, not half of them believed', async () => {
  const note = textOf(await takeApart(zip), 'logs/1/checkpoint.txt');
  const three = note.split('\n').slice(0, 3).join('\n');
  const verdict = await given(`${three}\n${three}`);
  assert.equal(findings(verdict, 'PRINTED_FORMAT').length, 1);
  assert.equal(verdict.exposure.printed, 0);
});
