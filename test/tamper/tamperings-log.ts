/** Whoever runs the collector: log key and document key, but no agent's. */
import { gzipSync } from 'node:zlib';
import { utf8 } from '../../shared/bytes.ts';
import { hanhChinh } from '../../shared/calendar/hanh-chinh.ts';
import { signDocument } from '../../shared/evidence/documents.ts';
import { serializeEnvelope, signEnvelope } from '../../shared/evidence/dsse.ts';
import { figuresText } from '../../shared/judge/replay/figures-file.ts';
import { decodeWire } from '../../shared/measure/wire.ts';
import { createNodeCrypto, generateSigner } from '../../shared/node/crypto.ts';
import { createTestAgent } from '../support/batches.ts';
import { edit, resign, takeApart } from '../support/tamper.ts';
import { verified } from '../support/verify-kit.ts';
import {
  alterResults,
  answerAll,
  cutFrom,
  insertBefore,
  loseGateway,
  putSection,
  withholdSection,
  withoutAnchors,
} from './edits.ts';
import { writeWorld } from './forger.ts';
import type { OfficeKeys } from './office.ts';
import { createStamper } from './outsiders.ts';
import { each, type Tampering } from './tampering.ts';
import {
  drop,
  headerOf,
  type Item,
  insert,
  itemOf,
  itemsOf,
  type Json,
  lastLog,
  paperItem,
  readWorld,
  rewrite,
  saidOf,
  say,
  type World,
} from './world.ts';

const crypto = createNodeCrypto();
const COLLECTOR = { keys: ['log', 'document'] } as const;
const HOUR_MS = 3_600_000;

/** Behind the last batch that carries a head nothing is held by what agents saw. */
function afterSeen(world: World): Item[] {
  const { items } = lastLog(world);
  const last = items.findLastIndex(
    (item) => item.batch !== null && headerOf(item).seen.checkpoint !== undefined,
  );
  return items.slice(last + 1);
}

/** The agent's place is taken by one that the forger enrolled himself, from this batch on. */
function replaceAgent(world: World, from: Item, keys: OfficeKeys): void {
  const own = generateSigner().signer;
  const { items } = lastLog(world);
  const enrolled = itemOf(world, 'enrol');
  const { recv_ms } = from.leaf;
  const said = { ...saidOf(enrolled), epoch: 2, issued_ms: recv_ms };
  said.agent_key = Buffer.from(own.publicKey).toString('base64');
  const text = signDocument(crypto, keys.document, 'enrol', said);
  insertBefore(world, { leaf: { ...enrolled.leaf, epoch: 2, recv_ms }, text, batch: null }, from);
  const later = items.slice(items.indexOf(from)).filter(({ batch }) => batch !== null);
  for (const item of later) {
    alterResults(item, loseGateway);
    item.leaf = { ...item.leaf, epoch: 2 };
    rewrite(item, (header) => Object.assign(header, { epoch: 2, boot: 'boot-2', run: 'run-2' }));
    item.signer = own;
  }
}

/** A device that is carried in as silent. */
function downSince(at_ms: number): Json {
  return { state: 'down', silent_since_ms: at_ms, earliest_ms: at_ms - 1_000, answered: [] };
}

/** The day that ended inside the period says that the gateway was down at midnight. */
function alterDay(world: World): void {
  say(itemOf(world, 'day'), (said) => {
    Object.assign(said.carry.devices, { gw: downSince(said.to_ms - HOUR_MS) });
  });
  withoutAnchors(world);
}

/** By law, as the forger says, names and addresses of that month had to go. */
function pruneNames(world: World): void {
  const { recv_ms } = lastLog(world).items.at(-1)?.leaf ?? { recv_ms: 0 };
  const said = { section: 'identity', months: ['2026-11'], reason: 'quá hạn' };
  insert(world, paperItem(world, 'prune', said, recv_ms));
  for (const item of itemsOf(world, 'batch')) withholdSection(item, 'identity');
}

export const LOG_TAMPERINGS: readonly Tampering[] = [
  {
    what: 'A batch is dropped and the log is written anew',
    ...COLLECTOR,
    make: ({ forged }) => forged((world) => drop(world, itemOf(world, 'batch', 2))),
    named: 'CHAIN_GAP',
  },
  {
    what: 'A batch is dropped, and a hole is declared in its place',
    ...COLLECTOR,
    make: ({ forged, office }) =>
      forged((world) => {
        const gone = itemOf(world, 'batch', 15);
        const { site, agent } = office.agent;
        const { seq } = gone.leaf;
        const next_prev = headerOf(itemOf(world, 'batch', 16)).prev;
        const hole = { v: 1, site, agent, epoch: 1, from_seq: seq, to_seq: seq } as const;
        const text = signDocument(crypto, office.keys.document, 'hole', {
          ...{ ...hole, reason: 'disk_full', at_ms: gone.leaf.recv_ms, next_prev },
        });
        insert(world, { leaf: { ...gone.leaf, kind: 'hole' }, text, batch: null }, gone);
        drop(world, gone);
      }),
    named: 'DOCUMENT_SIGNATURE',
  },
  {
    what: 'A result is altered in the store',
    ...COLLECTOR,
    make: ({ forged }) =>
      forged((world) => {
        const item = itemOf(world, 'batch', 2);
        const { batch } = item;
        alterResults(item, answerAll);
        // The header stays the signed one.
        if (item.batch !== null && batch !== null)
          item.batch = { ...item.batch, header: batch.header };
      }),
    named: 'SECTION_HASH',
  },
  {
    what: 'A result is altered in the store with its header',
    ...COLLECTOR,
    make: ({ forged }) => forged((world) => alterResults(itemOf(world, 'batch', 2), answerAll)),
    named: 'SIGNATURE_FALSE',
  },
  {
    what: 'The last result is altered in the store with its header',
    ...COLLECTOR,
    make: ({ forged }) => forged((world) => alterResults(itemOf(world, 'batch', -1), loseGateway)),
    named: 'SIGNATURE_FALSE',
  },
  {
    what: 'Seq and prev of a batch are altered, to close a gap',
    ...COLLECTOR,
    make: ({ forged }) =>
      forged((world) => {
        const [gone, next] = [itemOf(world, 'batch', 2), itemOf(world, 'batch', 3)];
        rewrite(next, (header) => {
          const { seq, prev } = headerOf(gone);
          Object.assign(header, { seq, prev });
        });
        next.leaf = { ...next.leaf, seq: gone.leaf.seq };
        drop(world, gone);
      }),
    named: 'CHAIN_GAP',
  },
  {
    what: 'Two batches change places in the log',
    ...COLLECTOR,
    make: ({ forged }) =>
      forged((world) => {
        const { items } = lastLog(world);
        const [one, two] = [itemOf(world, 'batch', 1), itemOf(world, 'batch', 2)];
        const [a, b] = [items.indexOf(one), items.indexOf(two)];
        items[a] = two;
        items[b] = one;
      }),
    named: 'CHAIN_GAP',
  },
  {
    what: 'A batch of another site is put into the log',
    ...COLLECTOR,
    make: ({ forged, office }) =>
      forged((world) => {
        const first = itemOf(world, 'batch');
        const { start_ms } = office.agent;
        const other = createTestAgent({ site: 'donganh-hq', agent: 'do-1', start_ms });
        const { header, signature, sections } = decodeWire(other.next({ ticks: 600 }).body);
        first.batch = { header, signature, sections };
      }),
    named: 'HEADER_OTHER',
  },
  {
    what: 'The first batches are dropped and the log is written anew',
    ...COLLECTOR,
    make: ({ forged }) =>
      forged((world) => drop(world, ...[0, 1, 2].map((at) => itemOf(world, 'batch', at)))),
    named: 'CHAIN_GAP',
  },
  {
    what: 'Everything from a moment on is cut off, the rest written anew',
    ...COLLECTOR,
    make: ({ forged }) => forged((world) => cutFrom(world, itemOf(world, 'batch', -2))),
    named: each('unseen', 'unseen', 'PRINTED_BEYOND', 'ANCHOR_EARLY', 'ANCHOR_EARLY'),
  },
  {
    what: 'The log is rolled back behind what an agent saw, but for its batches',
    ...COLLECTOR,
    make: ({ forged }) =>
      forged((world) => {
        const { items } = lastLog(world);
        const first = items.findIndex(({ batch }) => batch !== null);
        const kept = (item: Item, at: number): boolean => at <= first || item.batch !== null;
        drop(world, ...items.filter((item, at) => !kept(item, at)));
        withoutAnchors(world);
      }),
    named: 'SEEN_AHEAD',
  },
  {
    what: 'Planned work that an agent saw is dropped and the log is written anew',
    ...COLLECTOR,
    make: ({ forged }) => forged((world) => drop(world, itemOf(world, 'maintenance'))),
    named: 'SEEN_INCONSISTENT',
  },
  {
    what: 'The same under a log key of one’s own, which agents never saw',
    keys: ['document', 'own'],
    async make({ bundle, office }) {
      const log = generateSigner().signer;
      const world = await readWorld(bundle);
      const log_key = Buffer.from(log.publicKey).toString('base64');
      say(itemOf(world, 'log-open'), (said) => Object.assign(said, { log_key }));
      drop(world, itemOf(world, 'maintenance'));
      withoutAnchors(world);
      return await writeWorld(world, { log, document: office.keys.document, agent: null });
    },
    named: each('SEEN_FALSE', 'POLICY_KEY', 'SEEN_FALSE', 'POLICY_KEY', 'POLICY_KEY'),
  },
  {
    what: 'Planned work is put in front of an outage afterwards',
    ...COLLECTOR,
    make: ({ forged }) =>
      forged((world) => {
        const [at, before] = [itemOf(world, 'settings'), itemOf(world, 'maintenance')];
        const { recv_ms } = at.leaf;
        const from_ms = world.manifest.from_ms;
        const windows = [{ from_ms, to_ms: from_ms + HOUR_MS }];
        const said = { id: 'muon', devices: ['gw'], windows, reason: 'Bảo trì' };
        insertBefore(world, paperItem(world, 'maintenance', said, recv_ms), before);
      }),
    named: 'SEEN_INCONSISTENT',
  },
  {
    what: 'Thresholds are exchanged where the old ones stood',
    ...COLLECTOR,
    make: ({ forged }) =>
      forged((world) =>
        say(itemOf(world, 'settings'), (said) => {
          said.settings = { settle_ms: 1_800_000 };
        }),
      ),
    named: 'SEEN_INCONSISTENT',
  },
  {
    what: 'A calendar that nobody can read is put into the log',
    ...COLLECTOR,
    make: ({ forged }) =>
      forged((world) => {
        const before = itemOf(world, 'maintenance');
        const said = { version: 1, calendar: { code: 'x' } };
        insertBefore(world, paperItem(world, 'calendar', said, before.leaf.recv_ms), before);
      }),
    named: 'DOCUMENT_FORMAT',
  },
  {
    what: 'A calendar is put where it stood before the first result',
    ...COLLECTOR,
    make: ({ forged }) =>
      forged((world) => {
        const before = itemOf(world, 'maintenance');
        const said = { version: 1, calendar: hanhChinh('2026c') };
        insertBefore(world, paperItem(world, 'calendar', said, before.leaf.recv_ms), before);
      }),
    named: 'SEEN_INCONSISTENT',
  },
  {
    what: 'A reclassification is dropped that agents saw',
    ...COLLECTOR,
    make: ({ forged }) => forged((world) => drop(world, itemOf(world, 'reclassify'))),
    named: 'SEEN_INCONSISTENT',
  },
  {
    what: 'A reclassification is put among what agents saw',
    ...COLLECTOR,
    make: ({ forged }) =>
      forged((world) => {
        const { leaf, text } = itemOf(world, 'reclassify');
        const before = itemOf(world, 'declaration');
        const item: Item = { leaf: { ...leaf }, text, batch: null };
        say(item, (said) => Object.assign(said, { cause: 'gateway' }));
        insertBefore(world, item, before);
      }),
    named: 'SEEN_INCONSISTENT',
  },
  {
    what: 'A declaration is put behind all that agents saw, dated back',
    ...COLLECTOR,
    make: ({ forged }) =>
      forged((world) => {
        const before = itemOf(world, 'conflict');
        const { leaf, text } = itemOf(world, 'declaration');
        insertBefore(world, { leaf: { ...leaf }, text, batch: null }, before);
      }),
    named: 'ANCHOR_INCONSISTENT',
  },
  {
    what: 'A declaration is put behind all that agents saw; the anchors behind it are left out',
    ...COLLECTOR,
    make: ({ forged }) =>
      forged((world) => {
        drop(world, ...itemsOf(world, 'anchor').slice(-2));
        const before = itemOf(world, 'conflict');
        const { leaf, text } = itemOf(world, 'declaration');
        insertBefore(world, { leaf: { ...leaf }, text, batch: null }, before);
      }),
    named: each('unseen', 'unseen', 'PRINTED_BEYOND', 'ANCHOR_EARLY', 'ANCHOR_EARLY'),
  },
  {
    what: 'A conflict is dropped behind all that agents saw, anchors are left out',
    ...COLLECTOR,
    make: ({ forged }) =>
      forged((world) => {
        drop(world, itemOf(world, 'conflict'));
        drop(world, ...itemsOf(world, 'anchor').slice(-2));
      }),
    named: each('unseen', 'unseen', 'PRINTED_BEYOND', 'ANCHOR_EARLY', 'ANCHOR_EARLY'),
  },
  {
    what: 'The list of devices is exchanged for a shorter one',
    ...COLLECTOR,
    make: ({ forged }) =>
      forged((world) => say(itemOf(world, 'targets'), (said) => said.targets.pop())),
    named: 'LIST_UNKNOWN',
  },
  {
    what: 'A list of devices is signed with a key of one’s own',
    keys: ['log', 'document', 'own'],
    make: ({ forged }) =>
      forged((world) => {
        const item = itemOf(world, 'targets');
        const { payloadType, payload } = JSON.parse(item.text ?? '');
        const bytes = new Uint8Array(Buffer.from(payload, 'base64'));
        const { signer } = generateSigner();
        item.text = serializeEnvelope(signEnvelope(signer, payloadType, bytes, crypto));
        item.frozen = true;
      }),
    named: 'DOCUMENT_SIGNATURE',
  },
  {
    what: 'A batch claims an epoch that nobody enrolled',
    ...COLLECTOR,
    make: ({ forged }) =>
      forged((world) => {
        const item = itemOf(world, 'batch', -1);
        rewrite(item, (header) => Object.assign(header, { epoch: 2, seq: 1 }));
        item.leaf = { ...item.leaf, epoch: 2, seq: 1 };
      }),
    named: 'EPOCH_UNKNOWN',
  },
  {
    what: 'The agent’s key is rotated to one’s own, without the agent',
    keys: ['log', 'document', 'own'],
    make: ({ forged, office }) =>
      forged((world) => {
        const own = generateSigner().signer;
        const last = itemOf(world, 'batch', -1);
        const { site, agent, signer } = office.agent;
        const [old_key, new_key] = [signer, own].map(({ publicKey }) =>
          Buffer.from(publicKey).toString('base64'),
        );
        const said = { v: 1, site, agent, epoch: 1, after_seq: last.leaf.seq - 1 } as const;
        const text = signDocument(crypto, own, 'rotate', {
          ...{ ...said, at_ms: last.leaf.recv_ms, old_key: old_key ?? '', new_key: new_key ?? '' },
        });
        const leaf = { ...last.leaf, kind: 'rotate', seq: 0 } as const;
        insertBefore(world, { leaf, text, batch: null }, last);
        alterResults(last, loseGateway);
        last.signer = own;
      }),
    named: 'KEY_DOCUMENT',
  },
  {
    what: 'Batches of a revoked key are kept behind its revocation',
    ...COLLECTOR,
    make: ({ forged, office }) =>
      forged((world) => {
        const before = itemOf(world, 'batch', -3);
        const { agent, signer } = office.agent;
        const from_leaf = lastLog(world).items.indexOf(before);
        const agent_key = Buffer.from(signer.publicKey).toString('base64');
        const said = { agent, epoch: 1, agent_key, from_leaf, reason: 'mất trộm' };
        insertBefore(world, paperItem(world, 'revoke', said, before.leaf.recv_ms), before);
      }),
    named: 'SIGNED_REVOKED',
  },
  {
    what: 'Deletion by law is invented, and a month’s results of computers are withheld',
    ...COLLECTOR,
    make: ({ forged }) =>
      forged((world) => {
        const { recv_ms } = itemOf(world, 'conflict').leaf;
        const said = { section: 'endpoints', months: ['2026-11'], reason: 'quá hạn' };
        insertBefore(world, paperItem(world, 'prune', said, recv_ms), itemOf(world, 'conflict'));
        drop(world, ...itemsOf(world, 'anchor').slice(-2));
        for (const item of itemsOf(world, 'batch')) {
          withholdSection(item, 'endpoints');
        }
      }),
    named: 'SECTION_PRUNED',
  },
  {
    what: 'Deletion of names is invented, and a bad row is named as not recomputable',
    ...COLLECTOR,
    async make({ forged, office }) {
      const parts = await takeApart(await forged(pruneNames));
      const not_recomputable = [{ what: 'hours/all/devices', code: 'gw' }];
      edit(parts, 'figures.json', (text) =>
        JSON.stringify({ ...JSON.parse(text), not_recomputable }),
      );
      // What a verifier computes for whom rows may be left out, but for the bad one.
      const { figures } = await verified(resign(parts, office.keys.document));
      if (figures === null) throw new Error('no figures');
      const { all } = figures.hours;
      const devices = all.devices.filter(({ device }) => device !== 'gw');
      const hours = { ...figures.hours, all: { ...all, devices } };
      parts.set('figures.json', utf8(figuresText({ ...figures, hours, not_recomputable })));
      return resign(parts, office.keys.document);
    },
    named: 'FIGURES_DIFFER',
  },
  {
    what: 'The agent’s place is taken by an enrolled key of one’s own; it tells of outages',
    keys: ['log', 'document', 'own'],
    make: ({ forged, office }) =>
      forged((world) => {
        drop(world, ...itemsOf(world, 'anchor').slice(-2));
        const from = afterSeen(world).find(({ batch }) => batch !== null);
        if (from !== undefined) replaceAgent(world, from, office.keys);
      }),
    named: each('unseen', 'unseen', 'PRINTED_BEYOND', 'ANCHOR_EARLY', 'ANCHOR_EARLY'),
  },
  {
    what: 'Two histories: an agent saw the one, the bundle tells the other',
    ...COLLECTOR,
    make: ({ forged }) =>
      forged((world) => {
        drop(world, itemOf(world, 'note'));
        withoutAnchors(world);
      }),
    named: 'SEEN_INCONSISTENT',
  },
  {
    what: 'A stamp over another head is taken for one over this',
    ...COLLECTOR,
    make: ({ forged }) =>
      forged((world) => {
        const { proof } = saidOf(itemOf(world, 'anchor', 1));
        say(itemOf(world, 'anchor', -1), (said) => Object.assign(said, { proof }));
      }),
    named: 'ANCHOR_FALSE',
  },
  {
    what: 'A stamp by a certificate that is no longer in force',
    ...COLLECTOR,
    make: ({ forged }) =>
      forged((world) => {
        const stamper = createStamper(true);
        itemOf(world, 'anchor', -1).prove = stamper.prove;
      }),
    named: 'ANCHOR_FALSE',
  },
  {
    what: 'A stamp by an authority of one’s own',
    keys: ['log', 'document', 'own'],
    make: ({ forged }) =>
      forged((world) => {
        const stamper = createStamper();
        itemOf(world, 'anchor', -1).prove = stamper.prove;
      }),
    named: each('unseen', 'unseen', 'PRINTED_INCONSISTENT', 'ANCHOR_UNCHECKED', 'unseen'),
  },
  {
    what: 'The witness’s line is forged',
    keys: ['log', 'document', 'own'],
    make: ({ forged }) =>
      forged((world) => {
        const { proof } = saidOf(itemOf(world, 'anchor', 0));
        say(itemOf(world, 'anchor', 2), (said) => Object.assign(said, { proof }));
      }),
    named: each('ANCHOR_FALSE', 'unseen', 'ANCHOR_FALSE', 'unseen', 'ANCHOR_FALSE'),
  },
  {
    what: 'Zip in the zip: a section that inflates to a gigabyte',
    keys: ['agent', 'log', 'document'],
    make: ({ forged }) =>
      forged((world) => {
        const bomb = new Uint8Array(gzipSync(new Uint8Array(64 * 1024 * 1024)));
        putSection(itemOf(world, 'batch', 2), 0, bomb);
        withoutAnchors(world);
      }, true),
    named: 'SECTION_GZIP',
  },
  {
    what: 'What is carried in from the day before the period is altered',
    ...COLLECTOR,
    bundle: 'carried',
    make: ({ forged }) =>
      forged((world) => {
        const day = itemOf(world, 'day');
        say(day, (said) => {
          Object.assign(said.carry.devices, { gw: downSince(said.to_ms - HOUR_MS) });
        });
        withoutAnchors(world);
      }),
    named: each('unseen', 'unseen', 'PRINTED_BEYOND', 'ANCHOR_NONE', 'WITNESS_QUORUM'),
  },
  {
    what: 'A day inside the period is altered in what it leaves to the next',
    ...COLLECTOR,
    bundle: 'days',
    make: ({ forged }) => forged(alterDay),
    named: 'DAY_DIFFERS',
  },
  {
    what: 'A day inside the period is altered, and thresholds are set anew behind it',
    ...COLLECTOR,
    bundle: 'days',
    make: ({ forged }) =>
      forged((world) => {
        alterDay(world);
        const { recv_ms } = itemOf(world, 'batch', -1).leaf;
        insert(world, paperItem(world, 'settings', { version: 1, settings: {} }, recv_ms));
      }),
    named: 'DAY_CHANGED',
  },
  {
    what: 'A day inside the period is altered, and the list of devices is leafed again much later',
    ...COLLECTOR,
    bundle: 'days',
    make: ({ forged }) =>
      forged((world) => {
        alterDay(world);
        const { leaf, text } = itemOf(world, 'targets');
        const recv_ms = itemOf(world, 'batch', -1).leaf.recv_ms + 24 * HOUR_MS;
        insert(world, { leaf: { ...leaf, recv_ms }, text, batch: null });
      }),
    named: 'DAY_DIFFERS',
  },
  {
    what: 'A day inside the period is altered, and deletion of names is invented beside it',
    ...COLLECTOR,
    bundle: 'days',
    make: ({ forged }) =>
      forged((world) => {
        alterDay(world);
        pruneNames(world);
      }),
    named: 'DAY_DIFFERS',
  },
];
