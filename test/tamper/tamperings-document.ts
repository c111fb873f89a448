/** Whoever signs bundles: the document key, but neither the log's nor an agent's. */
import { fromUtf8, utf8 } from '../../shared/bytes.ts';
import { formatPolicy, parsePolicy } from '../../shared/evidence/bundle/policy.ts';
import type { BundleBatch } from '../../shared/evidence/bundle/types.ts';
import { signBatch } from '../../shared/evidence/chain.ts';
import { signCheckpoint } from '../../shared/evidence/checkpoint.ts';
import type { Signer } from '../../shared/evidence/crypto.ts';
import { decodeWire } from '../../shared/measure/wire.ts';
import { createNodeCrypto, generateSigner } from '../../shared/node/crypto.ts';
import { createTestAgent } from '../support/batches.ts';
import { edit, editBatches, editLines, type Parts, resign, textOf } from '../support/tamper.ts';
import { EVIL } from './auditors.ts';
import { each, type Tampering } from './tampering.ts';
import type { Json } from './world.ts';

const crypto = createNodeCrypto();
const DOCUMENT = { keys: ['document'] } as const;
const LEAVES = 'logs/1/leaves.txt';
const HOUR_MS = 3_600_000;

/** Lines of leaves.txt of batches, from the first; negative: from the last. */
function batchLines(parts: Parts): string[] {
  return textOf(parts, LEAVES)
    .split('\n')
    .filter((line) => line.includes(' batch '));
}

function replaceLine(parts: Parts, line: string, by: string): void {
  edit(parts, LEAVES, (text) => text.replace(`${line}\n`, by === '' ? '' : `${by}\n`));
}

/** Takes documents of a kind out, with their leaves. */
function dropDocuments(parts: Parts, kind: string): void {
  const lines = textOf(parts, LEAVES)
    .split('\n')
    .filter((line) => line.split(' ')[1] === kind);
  for (const line of lines) {
    replaceLine(parts, line, '');
    const index = line.split(' ')[0];
    edit(parts, 'documents.ndjson', (text) =>
      text
        .split('\n')
        .filter((one) => !one.startsWith(`{"log":1,"leaf":${index},`))
        .join('\n'),
    );
  }
}

/** Counts fewer leaves of the site, as if there had never been more. */
function recount(parts: Parts, batches: number, documents: number): void {
  editLines(parts, 'logs/1/daily.txt', (lines) =>
    lines.map((line, at) => {
      if (at < lines.length - 1) return line;
      const [day, first, leaves, told = 0, papers = 0] = line.split(' ');
      return [day, first, leaves, Number(told) - batches, Number(papers) - documents].join(' ');
    }),
  );
}

/** Leaves the last batches out, as if the log had never held them. */
function cutTail(parts: Parts, batches: number): void {
  editBatches(parts, (all) => all.slice(0, -batches));
  for (const line of batchLines(parts).slice(-batches)) replaceLine(parts, line, '');
  recount(parts, batches, 0);
}

function figures(change: (said: Json) => void): (parts: Parts) => void {
  return (parts) =>
    edit(parts, 'figures.json', (text) => {
      const said = JSON.parse(text);
      change(said);
      return JSON.stringify(said);
    });
}

function withSections(
  batch: BundleBatch,
  change: (section: Uint8Array | null, at: number) => Uint8Array | null,
): BundleBatch {
  return { ...batch, sections: batch.sections.map(change) };
}

function sealed(batch: BundleBatch, header: Uint8Array, signer: Signer): BundleBatch {
  return { ...batch, header, signature: signBatch(signer, header) };
}

/** Takes every row out, and says of each that it rests on what is withheld. */
function nameAll(said: Json): void {
  const code: Readonly<Record<string, (row: Json) => string>> = {
    devices: ({ device }) => device,
    groups: ({ group }) => group,
    days: ({ day }) => day,
    hours: ({ weekday, hour }) => `${weekday}-${hour}`,
  };
  for (const hours of ['all', 'working']) {
    for (const part of ['', '/corrected']) {
      const tables = part === '' ? said.hours[hours] : said.hours[hours].corrected;
      for (const [list, nameOf] of Object.entries(code)) {
        const what = `hours/${hours}${part}/${list}`;
        const rows: readonly Json[] = tables?.[list] ?? [];
        said.not_recomputable.push(...rows.map((row) => ({ what, code: nameOf(row) })));
        if (tables !== undefined) tables[list] = [];
      }
    }
  }
}

const rowOf = (said: Json, device: string): Json =>
  said.hours.all.devices.find((row: Json) => row.device === device);

export const DOCUMENT_TAMPERINGS: readonly Tampering[] = [
  {
    what: 'A device’s down time in the figures is one digit less',
    ...DOCUMENT,
    make: ({ signed }) =>
      signed(
        figures((said) => {
          const row = rowOf(said, 'gw');
          for (const [name, value] of Object.entries(row)) {
            if (name.includes('down') && typeof value === 'number' && value > 0) row[name] = 1;
          }
          row.outages = 0;
        }),
      ),
    named: 'FIGURES_DIFFER',
  },
  {
    what: 'An incident has another cause in the figures',
    ...DOCUMENT,
    make: ({ signed }) =>
      signed(figures((said) => Object.assign(said.incidents[0], { cause: 'wan' }))),
    named: 'FIGURES_DIFFER',
  },
  {
    what: 'An incident is missing in the figures',
    ...DOCUMENT,
    make: ({ signed }) => signed(figures((said) => said.incidents.pop())),
    named: 'FIGURES_DIFFER',
  },
  {
    what: 'The share of time that was measured is rounded up',
    ...DOCUMENT,
    make: ({ signed }) =>
      signed((parts) =>
        edit(parts, 'figures.json', (text) => text.replace(/"coverage":0\.\d+/, '"coverage":1')),
      ),
    named: 'FIGURES_DIFFER',
  },
  {
    what: 'A bad row is named as not recomputable, so that nobody looks at it',
    ...DOCUMENT,
    make: ({ signed }) =>
      signed(
        figures((said) => {
          const { devices } = said.hours.all;
          devices.splice(devices.indexOf(rowOf(said, 'gw')), 1);
          said.not_recomputable = [{ what: 'hours/all/devices', code: 'gw' }];
        }),
      ),
    named: 'FIGURES_DIFFER',
  },
  {
    what: 'In a masked bundle a row that rests on nothing withheld is named as not recomputable',
    ...DOCUMENT,
    bundle: 'masked',
    make: ({ signed }) =>
      signed(
        figures((said) => {
          const { devices } = said.hours.all;
          devices.splice(devices.indexOf(rowOf(said, 'gw')), 1);
          said.not_recomputable.unshift({ what: 'hours/all/devices', code: 'gw' });
        }),
      ),
    named: 'unseen',
  },
  {
    what: 'In a masked bundle all rows are named as not recomputable, one by one',
    ...DOCUMENT,
    bundle: 'masked',
    make: ({ signed }) => signed(figures(nameAll)),
    named: 'FIGURES_NONE',
  },
  {
    what: 'In a masked bundle a whole list is named as not recomputable',
    ...DOCUMENT,
    bundle: 'masked',
    make: ({ signed }) =>
      signed(
        figures((said) => {
          delete said.hours.all.devices;
          said.not_recomputable.unshift({ what: 'hours/all', code: 'devices' });
        }),
      ),
    named: 'FIGURES_DIFFER',
  },
  {
    what: 'A member stands twice in the figures, so that programs read different values',
    ...DOCUMENT,
    make: ({ signed }) =>
      signed((parts) =>
        edit(parts, 'figures.json', (text) => text.replace('{"v":1,', '{"v":2,"v":1,')),
      ),
    named: 'FIGURES_FORMAT',
  },
  {
    what: 'A full bundle is called masked',
    ...DOCUMENT,
    make: ({ figured }) =>
      figured(
        () => {},
        (world) => {
          world.manifest = { ...world.manifest, masked: true };
        },
      ),
    named: 'SECTION_SHOWN',
  },
  {
    what: 'A masked bundle is called full',
    ...DOCUMENT,
    bundle: 'masked',
    make: ({ parts, office }) =>
      parts().then((found) =>
        resign(found, office.keys.document, (manifest) => ({ ...manifest, masked: false })),
      ),
    named: 'SECTION_WITHHELD',
  },
  {
    what: 'Results of computers are left out of a full bundle',
    ...DOCUMENT,
    make: ({ figured }) =>
      figured((parts) =>
        editBatches(parts, (batches) =>
          batches.map((batch) => withSections(batch, (section, at) => (at === 1 ? null : section))),
        ),
      ),
    named: 'SECTION_WITHHELD',
  },
  {
    what: 'Results of infrastructure are left out of a masked bundle',
    ...DOCUMENT,
    bundle: 'masked',
    make: ({ figured }) =>
      figured((parts) =>
        editBatches(parts, (batches) =>
          batches.map((batch, at) => (at === 2 ? withSections(batch, () => null) : batch)),
        ),
      ),
    named: 'SECTION_WITHHELD',
  },
  {
    what: 'Another section is put into a batch',
    ...DOCUMENT,
    make: ({ figured }) =>
      figured((parts) =>
        editBatches(parts, (batches) =>
          batches.map((batch, at) =>
            at === 2 ? { ...batch, sections: batches[3]?.sections ?? [] } : batch,
          ),
        ),
      ),
    named: 'SECTION_HASH',
  },
  {
    what: 'A batch is left out',
    ...DOCUMENT,
    make: ({ figured }) =>
      figured((parts) => editBatches(parts, (batches) => batches.filter((_, at) => at !== 2))),
    named: 'BATCH_MISSING',
  },
  {
    what: 'A batch is left out with its leaf',
    ...DOCUMENT,
    make: ({ figured }) =>
      figured((parts) => {
        editBatches(parts, (batches) => batches.filter((_, at) => at !== 2));
        replaceLine(parts, batchLines(parts)[2] ?? '', '');
        recount(parts, 1, 0);
      }),
    named: 'CHAIN_GAP',
  },
  {
    what: 'The last batches are left out with their leaves',
    ...DOCUMENT,
    make: ({ figured }) =>
      figured((parts) => {
        editBatches(parts, (batches) => batches.slice(0, -3));
        for (const line of batchLines(parts).slice(-3)) replaceLine(parts, line, '');
      }),
    named: 'DAILY_COUNT',
  },
  {
    what: 'Batches behind the period are left out with their leaves, and the days are counted to fit',
    ...DOCUMENT,
    make: ({ figured }) => figured((parts) => cutTail(parts, 3)),
    named: 'unseen',
  },
  {
    what: 'The last hour of the period is left out with its leaves, and the days are counted to fit',
    ...DOCUMENT,
    make: ({ figured }) => figured((parts) => cutTail(parts, 12)),
    named: 'AGENT_SILENT',
  },
  {
    what: 'The bundle begins later than the agent did',
    ...DOCUMENT,
    make: ({ figured }) =>
      figured(
        (parts) => {
          editBatches(parts, (batches) => batches.slice(3));
          for (const line of batchLines(parts).slice(0, 3)) replaceLine(parts, line, '');
          recount(parts, 3, 0);
        },
        (world) => {
          const agents = world.manifest.agents.map((one) => ({
            ...{ ...one, before_seq: 3 },
            before_hash: Buffer.alloc(32, 5).toString('base64'),
          }));
          world.manifest = { ...world.manifest, agents };
        },
      ),
    named: 'STRETCH_BEGIN',
  },
  {
    what: 'Judging begins behind the first outage, as if nothing had been known before',
    ...DOCUMENT,
    make: ({ figured }) =>
      figured(
        () => {},
        (world) => {
          const begin_ms = world.manifest.begin_ms + HOUR_MS / 2;
          world.manifest = { ...world.manifest, begin_ms };
        },
      ),
    named: 'BEGIN_UNFIT',
  },
  {
    what: 'Two batches change places',
    ...DOCUMENT,
    make: ({ figured }) =>
      figured((parts) => {
        const swap = <T>(list: readonly T[]): T[] =>
          list.map((one, at) => (at === 1 ? list[2] : at === 2 ? list[1] : one) ?? one);
        editBatches(parts, (batches) => swap(batches));
        const [, one = '', two = ''] = batchLines(parts);
        const tail = (line: string): string => line.split(' ').slice(1).join(' ');
        edit(parts, LEAVES, (text) =>
          text.replace(tail(one), '?').replace(tail(two), tail(one)).replace('?', tail(two)),
        );
      }),
    named: 'CHAIN_GAP',
  },
  {
    what: 'A batch of another site is put in',
    ...DOCUMENT,
    make: ({ figured, office }) =>
      figured((parts) => {
        const { start_ms } = office.agent;
        const other = createTestAgent({ site: 'donganh-hq', agent: 'do-1', start_ms });
        const { header, signature, sections } = decodeWire(other.next({ ticks: 600 }).body);
        const foreign = { header, signature, sections };
        editBatches(parts, (batches) => batches.map((batch, at) => (at === 0 ? foreign : batch)));
      }),
    named: 'LEAF_OTHER',
  },
  {
    what: 'The time of receipt of a proved batch is moved',
    ...DOCUMENT,
    make: ({ figured }) =>
      figured((parts) => {
        const [line = ''] = batchLines(parts);
        replaceLine(parts, line, line.replace(/\d$/, '9'));
      }),
    named: 'INCLUSION_FALSE',
  },
  {
    what: 'A batch in the middle of the chain is said to have come an hour earlier',
    ...DOCUMENT,
    make: ({ figured }) =>
      figured((parts) => {
        const line = batchLines(parts)[16] ?? '';
        const [, head = '', recv_ms] = /^(.* )(\d+)$/.exec(line) ?? [];
        replaceLine(parts, line, `${head}${Number(recv_ms) - HOUR_MS}`);
      }),
    named: 'INCLUSION_FALSE',
  },
  {
    what: 'The last signature of the chain is another',
    ...DOCUMENT,
    make: ({ signed }) =>
      signed((parts) =>
        editBatches(parts, (batches) =>
          batches.map((batch, at) =>
            at === batches.length - 1 ? { ...batch, signature: new Uint8Array(64) } : batch,
          ),
        ),
      ),
    named: 'SIGNATURE_FALSE',
  },
  {
    what: 'Planned work is left out with its leaf',
    ...DOCUMENT,
    make: ({ figured }) => figured((parts) => dropDocuments(parts, 'maintenance')),
    named: 'DAILY_COUNT',
  },
  {
    what: 'Planned work is left out with its leaf, and the day is counted to fit',
    ...DOCUMENT,
    make: ({ figured }) =>
      figured((parts) => {
        dropDocuments(parts, 'maintenance');
        recount(parts, 0, 1);
      }),
    named: 'unseen',
  },
  {
    what: 'A conflict is hidden: left out with its leaf, and the day is counted to fit',
    ...DOCUMENT,
    make: ({ figured }) =>
      figured((parts) => {
        dropDocuments(parts, 'conflict');
        recount(parts, 0, 1);
      }),
    named: 'unseen',
  },
  {
    what: 'An enrolment is altered',
    ...DOCUMENT,
    make: ({ signed }) =>
      signed((parts) =>
        edit(parts, 'documents.ndjson', (text) =>
          text
            .split('\n')
            .map((line) =>
              line.includes('.enrol.')
                ? line.replace('ayload\\":\\"eyJ2', 'ayload\\":\\"eyJ3')
                : line,
            )
            .join('\n'),
        ),
      ),
    named: 'KEY_DOCUMENT',
  },
  {
    what: 'A paper carries a signature that is none',
    ...DOCUMENT,
    make: ({ signed }) =>
      signed((parts) =>
        edit(parts, 'documents.ndjson', (text) =>
          text
            .split('\n')
            .map((line) =>
              line.includes('.settings.') ? line.replace(/sig\\":\\"..../, 'sig\\":\\"AAAA') : line,
            )
            .join('\n'),
        ),
      ),
    named: 'DOCUMENT_SIGNATURE',
  },
  {
    what: 'Days are counted that do not add up to the log',
    ...DOCUMENT,
    make: ({ signed }) =>
      signed((parts) =>
        editLines(parts, 'logs/1/daily.txt', (lines) =>
          lines.map((line) => line.replace(' 0 ', ' 1 ')),
        ),
      ),
    named: 'FILE_FORMAT',
  },
  {
    what: 'The policy names a log key of one’s own, and the head is signed with it',
    keys: ['document', 'own'],
    make: ({ signed }) =>
      signed((parts) => {
        const own = generateSigner().signer;
        const policy = parsePolicy(crypto, textOf(parts, 'policy.txt'));
        const logs = policy.logs.map(({ name }) => ({ name, publicKey: own.publicKey }));
        parts.set('policy.txt', utf8(formatPolicy(crypto, { ...policy, logs })));
        edit(parts, 'logs/1/checkpoint.txt', (text) => {
          const [origin = '', size, root = ''] = text.split('\n');
          const bytes = new Uint8Array(Buffer.from(root, 'base64'));
          return signCheckpoint(crypto, own, { origin, size: Number(size), root: bytes });
        });
      }),
    named: each('LOG_OPEN_FALSE', 'POLICY_KEY', 'LOG_OPEN_FALSE', 'POLICY_KEY', 'POLICY_KEY'),
  },
  {
    what: 'The head is that of another log',
    ...DOCUMENT,
    make: ({ signed }) =>
      signed((parts) =>
        edit(parts, 'logs/1/checkpoint.txt', (text) => {
          const other = generateSigner().signer;
          const [, size, root = ''] = text.split('\n');
          const bytes = new Uint8Array(Buffer.from(root, 'base64'));
          const origin = 'demo/0badcafe/log-1';
          return signCheckpoint(crypto, other, { origin, size: Number(size), root: bytes });
        }),
      ),
    named: 'POLICY_LOG',
  },
  {
    what: 'The witness and its anchors are left out, as if there had never been one',
    ...DOCUMENT,
    make: ({ signed }) =>
      signed((parts) => {
        dropDocuments(parts, 'anchor');
        const { logs } = parsePolicy(crypto, textOf(parts, 'policy.txt'));
        const policy = { logs, witnesses: [], quorum: 'none' } as const;
        parts.set('policy.txt', utf8(formatPolicy(crypto, policy)));
      }),
    named: each('unseen', 'unseen', 'unseen', 'ANCHOR_NONE', 'WITNESS_QUORUM'),
  },
  {
    what: 'The manifest speaks of an older head',
    ...DOCUMENT,
    make: ({ parts, office }) =>
      parts().then((found) =>
        resign(found, office.keys.document, (manifest) => ({
          ...manifest,
          as_of: { ...manifest.as_of, size: manifest.as_of.size - 1 },
        })),
      ),
    named: 'AS_OF_OTHER',
  },
  {
    what: 'Judging ends before an outage',
    ...DOCUMENT,
    make: ({ figured }) =>
      figured(
        () => {},
        (world) => {
          const { begin_ms } = world.manifest;
          world.manifest = { ...world.manifest, end_ms: begin_ms + HOUR_MS };
        },
      ),
    named: 'BEGIN_UNFIT',
  },
  {
    what: 'Figures are those of other rules',
    ...DOCUMENT,
    make: ({ parts, office }) =>
      parts().then((found) =>
        resign(found, office.keys.document, (manifest) => ({
          ...manifest,
          rules: manifest.rules + 1,
        })),
      ),
    named: 'RULES_OTHER',
  },
  {
    what: 'The verifier in the bundle is exchanged by whoever signs bundles',
    ...DOCUMENT,
    make: ({ signed }) => signed((parts) => parts.set('verify.mjs', EVIL)),
    named: 'unseen',
  },
  {
    what: 'Proofs that agents’ heads are former ones are left out',
    ...DOCUMENT,
    make: ({ signed }) => signed((parts) => editLines(parts, 'logs/1/consistency.txt', () => [])),
    named: 'SEEN_UNPROVED',
  },
  {
    what: 'A result is altered with the agent’s key, the log stays as it is',
    keys: ['agent', 'document'],
    make: ({ figured, office }) =>
      figured((parts) => {
        const { signer } = office.agent;
        editBatches(parts, (batches) =>
          batches.map((batch, at) => {
            if (at !== batches.length - 1) return batch;
            const header = utf8(fromUtf8(batch.header).replace('"minute"', '"early"'));
            return sealed(batch, header, signer);
          }),
        );
      }),
    named: 'LEAF_OTHER',
  },
];
