import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SHOWN_STATES } from '../../../collector/report/current.ts';
import { isWord, LANGUAGES, say, WORDS } from '../../../shared/i18n/words.ts';
import { CAUSES, CONFIDENCES } from '../../../shared/judge/cause-names.ts';
import { UNKNOWN_REASONS } from '../../../shared/judge/figures/sums.ts';
import { DEVICE_KINDS } from '../../../shared/measure/codes.ts';

/** Names that programs use, and how their words are called. */
const NAMED: Readonly<Record<string, readonly string[]>> = {
  state: SHOWN_STATES,
  reason: UNKNOWN_REASONS,
  cause: CAUSES,
  confidence: CONFIDENCES,
  kind: DEVICE_KINDS.map((kind) => kind.replaceAll('-', '_')),
  incident: ['outage', 'degraded', 'flapping', 'open', 'settling'],
};

test('every state, reason, cause, confidence and kind has a word of its own in both languages', () => {
  for (const [prefix, names] of Object.entries(NAMED)) {
    for (const language of LANGUAGES) {
      const said = names.map((name) => {
        const word = `${prefix}_${name}`;
        assert.ok(isWord(word), word);
        return say(language, word);
      });
      assert.equal(new Set(said).size, names.length, `${prefix}, ${language}: one word for each`);
    }
  }
});

test('both languages fill in the same values', () => {
  const places = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([found]) => found).sort();
  for (const [name, { vi, en }] of Object.entries(WORDS)) {
    assert.deepEqual(places(vi), places(en), name);
  }
});

test('a state and its cause read as one sentence', () => {
  const cause = say('vi', 'cause_power');
  assert.equal(say('vi', 'because', { cause }), 'do mất điện');
  assert.equal(say('vi', 'state_unreachable_by', { root: 'SW-1' }), 'Mất theo SW-1');
});
