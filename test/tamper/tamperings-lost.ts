/** A log whose key was lost: its last leaves are signed by the next log's key only. */
import { editLines } from '../support/tamper.ts';
import { setPolicy } from './edits.ts';
import { each, type Tampering } from './tampering.ts';
import {
  drop,
  headerOf,
  type Item,
  itemOf,
  itemsOf,
  say,
  sizeOf,
  type World,
  type WorldLog,
} from './world.ts';

/** The log key is that of the next log: nobody has the lost one. */
const COLLECTOR = { keys: ['log', 'document'], bundle: 'lost' } as const;

function lostLog({ logs }: World): WorldLog {
  const [log] = logs;
  if (log?.kept === undefined) throw new Error('no key was lost');
  return log;
}

/** The last leaf of the tail says something else. */
function exchangeLast(world: World): void {
  const { items } = lostLog(world);
  const { leaf, text } = itemOf(world, 'declaration');
  const last = items.at(-1);
  if (last?.leaf.kind !== 'conflict') throw new Error('another leaf is the last one');
  const item: Item = { leaf: { ...leaf, recv_ms: last.leaf.recv_ms }, text, batch: null };
  say(item, (said) => Object.assign(said, { value: said.value + 1 }));
  items[items.length - 1] = item;
}

/** What stands in the next log about what was before: nobody outside vouches for it any more. */
function withoutLaterAnchors(world: World): void {
  const [, later] = world.logs;
  drop(world, ...itemsOf(world, 'anchor').filter((item) => later?.items.includes(item)));
  setPolicy(world, null);
}

/** The next log names what the lost one has become. */
function nameAgain(world: World): void {
  const open = itemOf(world, 'log-open', 1);
  open.follows = true;
  say(open, (said) => Object.assign(said, { previous: { reason: said.previous.reason } }));
}

/** Another end of a hash in base64. */
function other(end: string): string {
  return end === 'A=' ? 'E=' : 'A=';
}

export const LOST_TAMPERINGS: readonly Tampering[] = [
  {
    what: 'Of a log whose key was lost, a leaf that only the next log signs is exchanged',
    ...COLLECTOR,
    make: ({ forged }) =>
      forged((world) => {
        exchangeLast(world);
        nameAgain(world);
      }),
    named: 'ANCHOR_INCONSISTENT',
  },
  {
    what: 'Of a log whose key was lost, a leaf that only the next log signs is exchanged; the anchors are left out',
    ...COLLECTOR,
    make: ({ forged }) =>
      forged((world) => {
        withoutLaterAnchors(world);
        exchangeLast(world);
        nameAgain(world);
      }),
    named: each('unseen', 'unseen', 'PRINTED_INCONSISTENT', 'ANCHOR_EARLY', 'WITNESS_QUORUM'),
  },
  {
    what: 'Of a log whose key was lost, an older head is shown, and what was signed behind it is dropped',
    ...COLLECTOR,
    make: ({ forged }) =>
      forged((world) => {
        withoutLaterAnchors(world);
        const log = lostLog(world);
        const notes = itemsOf(world, 'batch').map((item) => headerOf(item).seen.checkpoint);
        const gone = itemOf(world, 'reclassify');
        const at = log.items.indexOf(gone);
        log.kept = notes.findLast((note) => note !== undefined && sizeOf(note) <= at);
        drop(world, gone);
        nameAgain(world);
      }),
    named: 'SEEN_INCONSISTENT',
  },
  {
    what: 'The proof from the last head of a lost key to the end of its log is altered',
    keys: ['document'],
    bundle: 'lost',
    make: ({ signed }) =>
      signed((parts) =>
        editLines(parts, 'logs/1/consistency.txt', (lines) => {
          // The proof from the end itself is the last one, and empty.
          const at = lines.findLastIndex((line) => line.endsWith('='));
          return lines.with(at, (lines[at] ?? '').replace(/..$/, other));
        }),
      ),
    named: 'LOG_BREAK',
  },
  {
    what: 'The end of a log is signed by the next log only, and no lost key is the reason',
    ...COLLECTOR,
    make: ({ forged }) =>
      forged((world) => {
        withoutLaterAnchors(world);
        say(itemOf(world, 'log-open', 1), ({ previous }) => {
          previous.reason = 'restore';
        });
      }),
    named: 'LOG_BREAK',
  },
];
