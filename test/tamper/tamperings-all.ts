/** Whoever has the keys of collector and agent, or makes up a collector and an agent. */
import { fromBase64, toBase64 } from '../../shared/bytes.ts';
import { formatCheckpoint } from '../../shared/evidence/checkpoint.ts';
import { signDocument } from '../../shared/evidence/documents.ts';
import { createNodeCrypto, generateSigner } from '../../shared/node/crypto.ts';
import { takeApart, textOf } from '../support/tamper.ts';
import {
  alterResults,
  answerAll,
  insertBefore,
  loseGateway,
  reopen,
  setKeys,
  setPolicy,
  withOwnWitness,
  withoutAnchors,
} from './edits.ts';
import { writeWorld } from './forger.ts';
import { each, type Tampering } from './tampering.ts';
import {
  drop,
  headerOf,
  itemOf,
  itemsOf,
  lastLog,
  readWorld,
  rewrite,
  saidOf,
  say,
} from './world.ts';

const crypto = createNodeCrypto();
const ALL = { keys: ['agent', 'log', 'document'] } as const;
const HOUR_MS = 3_600_000;
/** Who holds nothing that was fixed before sees nothing; every anchor and every print names it. */
const REWRITTEN = each('unseen', 'unseen', 'PRINTED_BEYOND', 'ANCHOR_NONE', 'POLICY_KEY');

export const ALL_TAMPERINGS: readonly Tampering[] = [
  {
    what: 'An outage is taken out of the results, everything behind it is signed again',
    ...ALL,
    make: ({ forged }) =>
      forged((world) => alterResults(itemOf(world, 'batch', 2), answerAll), true),
    named: 'ANCHOR_INCONSISTENT',
  },
  {
    what: 'An outage is taken out, all is signed again, and the anchors are left out',
    ...ALL,
    make: ({ forged }) =>
      forged((world) => {
        withoutAnchors(world);
        alterResults(itemOf(world, 'batch', 2), answerAll);
      }, true),
    named: each('unseen', 'unseen', 'PRINTED_BEYOND', 'ANCHOR_NONE', 'WITNESS_QUORUM'),
  },
  {
    what: 'An outage is taken out, all is signed again, and a witness of one’s own vouches for it',
    keys: ['agent', 'log', 'document', 'own'],
    make: ({ forged }) =>
      forged((world) => {
        withOwnWitness(world);
        alterResults(itemOf(world, 'batch', 2), answerAll);
      }, true),
    named: REWRITTEN,
  },
  {
    what: 'An outage is invented, everything behind it is signed again',
    keys: ['agent', 'log', 'document', 'own'],
    make: ({ forged }) =>
      forged((world) => {
        withOwnWitness(world);
        alterResults(itemOf(world, 'batch', 12), loseGateway);
      }, true),
    named: REWRITTEN,
  },
  {
    what: 'Only what lies behind the first anchor is altered; that anchor is kept',
    ...ALL,
    make: ({ forged }) =>
      forged((world) => {
        drop(world, ...itemsOf(world, 'anchor').slice(-2));
        alterResults(itemOf(world, 'batch', 12), loseGateway);
      }, true),
    named: each('unseen', 'unseen', 'PRINTED_BEYOND', 'ANCHOR_EARLY', 'ANCHOR_EARLY'),
  },
  {
    what: 'An old head is vouched for anew behind the period, what follows it is altered',
    ...ALL,
    make: ({ forged, office: { stamper, witness, harness } }) =>
      forged((world) => {
        // An authority stamps any hash, and a witness signs the size that it knows once more.
        const [one, , ...later] = itemsOf(world, 'anchor');
        if (one === undefined) throw new Error('no anchors');
        const { log, size, root } = saidOf(one);
        const text = formatCheckpoint({ origin: log, size, root: fromBase64(root) });
        for (const [at, item] of later.entries()) {
          const by = at % 2 === 0 || stamper === null ? witness : stamper;
          const proof = toBase64(by.prove(text, harness.clock.now_ms));
          say(item, (said) => Object.assign(said, { size, root, proof }));
        }
        alterResults(itemOf(world, 'batch', 12), loseGateway);
      }, true),
    named: each('unseen', 'unseen', 'PRINTED_INCONSISTENT', 'ANCHOR_EARLY', 'ANCHOR_EARLY'),
  },
  {
    what: 'An anchor is kept that speaks of a log which is not there',
    ...ALL,
    make: ({ forged }) =>
      forged((world) => {
        const [, , ...late] = itemsOf(world, 'anchor');
        for (const item of late) say(item, (said) => Object.assign(said, { log: 'x.example/9' }));
        alterResults(itemOf(world, 'batch', 12), loseGateway);
      }, true),
    named: 'DOCUMENT_OTHER',
  },
  {
    what: 'A batch is dropped, the others are numbered and signed again',
    keys: ['agent', 'log', 'document', 'own'],
    make: ({ forged }) =>
      forged((world) => {
        withOwnWitness(world);
        drop(world, itemOf(world, 'batch', 2));
      }, true),
    named: each('AGENT_SILENT', 'AGENT_SILENT', 'PRINTED_BEYOND', 'ANCHOR_NONE', 'POLICY_KEY'),
  },
  {
    what: 'A batch is dropped, a hole is signed in its place',
    keys: ['agent', 'log', 'document', 'own'],
    make: ({ forged, office }) =>
      forged((world) => {
        withOwnWitness(world);
        const gone = itemOf(world, 'batch', 12);
        const { site, agent, signer } = office.agent;
        const { seq } = gone.leaf;
        const next_prev = headerOf(itemOf(world, 'batch', 13)).prev;
        const hole = { v: 1, site, agent, epoch: 1, from_seq: seq, to_seq: seq } as const;
        const text = signDocument(crypto, signer, 'hole', {
          ...{ ...hole, reason: 'disk_full', at_ms: gone.leaf.recv_ms, next_prev },
        });
        insertBefore(world, { leaf: { ...gone.leaf, kind: 'hole' }, text, batch: null }, gone);
        drop(world, gone);
      }, true),
    named: each('HOLE', 'HOLE', 'PRINTED_BEYOND', 'ANCHOR_NONE', 'POLICY_KEY'),
  },
  {
    what: 'A hole is taken away, the batches behind it are numbered and signed again',
    keys: ['agent', 'log', 'document', 'own'],
    make: ({ forged }) =>
      forged((world) => {
        withOwnWitness(world);
        drop(world, itemOf(world, 'hole'));
      }, true),
    named: REWRITTEN,
  },
  {
    what: 'Planned work is put in front of an outage, agents saw it in the new history',
    keys: ['agent', 'log', 'document', 'own'],
    make: ({ forged }) =>
      forged((world) => {
        withOwnWitness(world);
        say(itemOf(world, 'maintenance'), (said) => {
          said.devices = null;
        });
      }, true),
    named: REWRITTEN,
  },
  {
    what: 'A batch that saw an anchor claims to have been made hours before it',
    ...ALL,
    make: ({ forged }) =>
      forged((world) => {
        drop(world, ...itemsOf(world, 'anchor').slice(-2));
        const first = itemsOf(world, 'batch').filter((item) => headerOf(item).seen.checkpoint)[1];
        if (first === undefined) throw new Error('no batch saw an anchor');
        rewrite(first, (header) => {
          header.sealed_ms -= HOUR_MS;
          header.closed_to_ms -= HOUR_MS;
          for (const sample of header.clock) sample.wall_ms -= HOUR_MS;
        });
      }, true),
    named: each(
      'AGENT_SILENT',
      'AGENT_SILENT',
      'PRINTED_BEYOND',
      'TIME_BEFORE_ANCHOR',
      'TIME_BEFORE_ANCHOR',
    ),
  },
  {
    what: 'The monotonic clock of a boot goes back',
    ...ALL,
    make: ({ forged }) =>
      forged((world) => {
        withoutAnchors(world);
        rewrite(itemOf(world, 'batch', 4), (header) => {
          for (const sample of header.clock) sample.mono_ms = 5;
        });
      }, true),
    named: 'MONO_BACK',
  },
  {
    what: 'An agent names a head that the log never signed',
    ...ALL,
    make: ({ forged }) =>
      forged((world) => {
        withoutAnchors(world);
        const carrying = itemsOf(world, 'batch').filter((item) => headerOf(item).seen.checkpoint);
        const last = carrying.at(-1);
        if (last === undefined) throw new Error('no head');
        rewrite(last, ({ seen }) => {
          const [log, size] = ['other/log-7', 5];
          const [root, signature] = [32, 68].map((n) => Buffer.alloc(n, 5).toString('base64'));
          const checkpoint = `${log}\n${size}\n${root}\n\n— ${log} ${signature}\n`;
          Object.assign(seen, { log, size, checkpoint });
        });
      }, true),
    named: 'SEEN_UNSIGNED',
  },
  {
    what: 'An agent repeats an older head than it saw before',
    keys: ['agent', 'log', 'document', 'own'],
    make: ({ forged }) =>
      forged((world) => {
        withOwnWitness(world);
        const [, later] = itemsOf(world, 'batch').filter((item) => headerOf(item).seen.checkpoint);
        if (later === undefined) throw new Error('no head');
        rewrite(later, ({ seen }) => Object.assign(seen, { size: 2 }));
      }, true),
    named: REWRITTEN,
  },
  {
    what: 'A second log names less of the first than agents saw',
    ...ALL,
    make: ({ forged }) =>
      forged((world) => {
        reopen(world, itemOf(world, 'batch', 3), { reason: 'restore' });
        withoutAnchors(world);
      }),
    named: each('SEEN_LOST', 'POLICY_LOG', 'PRINTED_BEYOND', 'POLICY_LOG', 'POLICY_LOG'),
  },
  {
    what: 'A second log names another head than the first one’s last',
    ...ALL,
    make: ({ forged }) =>
      forged((world) => {
        const root = Buffer.alloc(32, 5).toString('base64');
        reopen(world, itemOf(world, 'conflict'), { reason: 'restore', root });
        withoutAnchors(world);
      }, true),
    named: each('LOG_BREAK', 'POLICY_LOG', 'LOG_BREAK', 'POLICY_LOG', 'POLICY_LOG'),
  },
  {
    what: 'A third log names none: the second is left out, and how the first one ended',
    ...ALL,
    make: ({ forged }) =>
      forged((world) => {
        const open = reopen(world, itemOf(world, 'conflict'), { reason: 'restore' });
        say(open, (said) => Object.assign(said, { previous: null }));
        open.follows = false;
        const first = world.logs.slice(0, -1);
        world.logs = [...first, { ...lastLog(world), log: 3 }];
        withoutAnchors(world);
      }, true),
    named: each('LOG_BREAK', 'POLICY_LOG', 'LOG_BREAK', 'POLICY_LOG', 'POLICY_LOG'),
  },
  {
    what: 'A collector, a log and an agent are made up, with all their keys',
    keys: ['own'],
    async make({ bundle }) {
      const world = await readWorld(bundle);
      const [log, document, agent] = [0, 1, 2].map(() => generateSigner().signer);
      if (log === undefined || document === undefined || agent === undefined) throw new Error();
      setKeys(world, { log, document, agent });
      withOwnWitness(world);
      alterResults(itemOf(world, 'batch', 12), loseGateway);
      return await writeWorld(world, { log, document, agent });
    },
    named: each('unseen', 'POLICY_KEY', 'PRINTED_BEYOND', 'POLICY_KEY', 'POLICY_KEY'),
  },
  {
    what: 'The agent measured falsely from the start, and outsiders vouched for that',
    ...ALL,
    async make({ bundle, office }) {
      const world = await readWorld(bundle);
      alterResults(itemOf(world, 'batch', 12), loseGateway);
      const { witness, stamper } = office;
      for (const [at, item] of itemsOf(world, 'anchor').entries()) {
        const by = at % 2 === 0 || stamper === null ? witness : stamper;
        item.prove = by.prove;
      }
      setPolicy(world, witness);
      const bytes = await writeWorld(world, office.keys);
      const head = textOf(await takeApart(bytes), 'logs/1/checkpoint.txt');
      const printed = head.split('\n').slice(0, 3).join('\n');
      return { bytes, office: { ...office, bundle: bytes, printed } };
    },
    named: 'unseen',
  },
];
