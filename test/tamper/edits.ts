/** What a forger does with single leaves of a world. */
import { createHash } from 'node:crypto';
import { fromUtf8, utf8 } from '../../shared/bytes.ts';
import { formatPolicy } from '../../shared/evidence/bundle/policy.ts';
import type { Signer } from '../../shared/evidence/crypto.ts';
import { createNodeCrypto } from '../../shared/node/crypto.ts';
import { packSection, unpackSection } from '../../shared/node/section-bytes.ts';
import { createWitness } from './outsiders.ts';
import {
  drop,
  headerOf,
  type Item,
  insert,
  itemsOf,
  type Json,
  lastLog,
  paperItem,
  rewrite,
  say,
  type World,
} from './world.ts';

const crypto = createNodeCrypto();

/** Alters the results of infrastructure in a batch; its header names them as they are then. */
export function alterResults(item: Item, change: (section: Json) => void): void {
  const stored = item.batch?.sections[0];
  if (item.batch === null || stored === null || stored === undefined) throw new Error('no results');
  const json = JSON.parse(fromUtf8(unpackSection('infra', stored)));
  change(json);
  putSection(item, 0, packSection('infra', utf8(JSON.stringify(json)), null));
}

/** Puts stored bytes in place of a section. */
export function putSection(item: Item, at: number, stored: Uint8Array): void {
  if (item.batch === null) throw new Error('no batch');
  const sections = item.batch.sections.map((one, index) => (index === at ? stored : one));
  item.batch = { ...item.batch, sections };
  rewrite(item, (header) => {
    header.sections[at].bytes = stored.length;
    header.sections[at].sha256 = createHash('sha256').update(stored).digest('base64');
  });
}

/** The part of a batch that its header calls so is not given. */
export function withholdSection(item: Item, name: string): void {
  if (item.batch === null) return;
  const named: readonly Json[] = headerOf(item).sections;
  const sections = item.batch.sections.map((one, at) => (named[at]?.name === name ? null : one));
  item.batch = { ...item.batch, sections };
}

/** All that was lost answered. */
export function answerAll(section: Json): void {
  for (const series of section.series) {
    series.s = series.s.map(() => `r${series.n}`);
  }
}

/** The gateway never answered. */
export function loseGateway(section: Json): void {
  for (const series of section.series) {
    // The list begins with the gateway, and a series with the first of its targets.
    if (String(series.targets).startsWith('0')) series.s[0] = `n${series.n}`;
  }
}

/** Nobody outside vouches for it any more, and the policy asks for nobody. */
export function withoutAnchors(world: World): void {
  drop(world, ...itemsOf(world, 'anchor'));
  setPolicy(world, null);
}

/** A witness that the forger is himself vouches in place of the true ones. */
export function withOwnWitness(world: World): void {
  const own = createWitness();
  drop(world, ...itemsOf(world, 'anchor').filter(({ text }) => !isWitness(text)));
  for (const anchor of itemsOf(world, 'anchor')) anchor.prove = own.prove;
  setPolicy(world, { name: own.name, key: own.key });
}

function isWitness(text: string | null): boolean {
  return Buffer.from(JSON.parse(text ?? '').payload, 'base64').includes('"kind":"witness"');
}

/** Log keys as they are in the first leaves; a witness if there is one. */
export function setPolicy(
  world: World,
  witness: { name: string; key: { name: string; publicKey: Uint8Array } } | null,
): void {
  const logs = itemsOf(world, 'log-open').map(({ text }) => {
    const said = JSON.parse(Buffer.from(JSON.parse(text ?? '').payload, 'base64').toString());
    return { name: said.log, publicKey: new Uint8Array(Buffer.from(said.log_key, 'base64')) };
  });
  const witnesses = witness === null ? [] : [witness];
  const quorum = witness === null ? 'none' : 'any';
  world.parts.set('policy.txt', utf8(formatPolicy(crypto, { logs, witnesses, quorum })));
}

/** Everything behind an item goes, the item, too. */
export function cutFrom(world: World, item: Item): void {
  const log = lastLog(world);
  log.items = log.items.slice(0, log.items.indexOf(item));
}

/** What begins here is another log; `previous` says what it names otherwise than the head. */
export function reopen(world: World, at: Item, previous: Json): Item {
  const log = lastLog(world);
  const split = log.items.indexOf(at);
  const origin = log.origin.replace(/\d+$/, (number) => String(Number(number) + 1));
  const open = paperItem(world, 'anchor', {}, at.leaf.recv_ms);
  const first = itemsOf(world, 'log-open')[0];
  const item: Item = {
    leaf: { ...open.leaf, kind: 'log-open' },
    text: first?.text ?? '',
    batch: null,
    follows: true,
  };
  say(item, (said) => {
    Object.assign(said, { log: origin, opened_ms: at.leaf.recv_ms, previous });
  });
  const rest = log.items.splice(split);
  world.logs.push({ log: log.log + 1, origin, items: [item, ...rest] });
  for (const one of rest) {
    if (one.batch === null && one.leaf.kind !== 'hole')
      say(one, (said) => reLog(said, log.origin, origin));
  }
  return item;
}

/** Documents of the new log name it; an anchor may go on to speak of the old one. */
function reLog(said: Json, from: string, to: string): void {
  if (said.log === from && said.proof === undefined) said.log = to;
}

/** Another key in a document that names keys. */
export function setKeys(
  world: World,
  keys: { log: Signer; document: Signer; agent: Signer },
): void {
  const text = (signer: Signer): string => Buffer.from(signer.publicKey).toString('base64');
  for (const item of itemsOf(world, 'log-open')) {
    say(item, (said) =>
      Object.assign(said, { log_key: text(keys.log), document_key: text(keys.document) }),
    );
  }
  for (const item of itemsOf(world, 'enrol')) {
    say(item, (said) => Object.assign(said, { agent_key: text(keys.agent) }));
  }
}

/** In front of another item. */
export function insertBefore(world: World, item: Item, before: Item): void {
  const log = lastLog(world);
  const at = log.items.indexOf(before);
  if (at <= 0) throw new Error('nothing stands in front of the first leaf');
  insert(world, item, log.items[at - 1]);
}
