import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toBase64 } from '../../shared/bytes.ts';
import { LanProofError } from '../../shared/errors.ts';
import type { Crypto } from '../../shared/evidence/crypto.ts';
import { documentHash, documentType } from '../../shared/evidence/documents.ts';
import { type Envelope, openEnvelope, serializeEnvelope } from '../../shared/evidence/dsse.ts';
import type { ClockSample } from '../../shared/measure/batch.ts';
import {
  checkCommitments,
  parsePrivateTargets,
  parseTargetList,
} from '../../shared/measure/target-list.ts';
import { parseTargetRecord } from '../../shared/measure/target-record.ts';
import type { PrivateTargets, TargetList, TargetRecord } from '../../shared/measure/targets.ts';
import { writeAtomically } from '../../shared/node/whole-file.ts';
import { readError } from '../deliver/answers.ts';
import type { AgentApi } from '../deliver/api.ts';
import { jsonOf } from '../http.ts';
import type { Identity } from '../identity.ts';

const TARGETS_FILE = 'targets.json';
const PRIVATE_MODE = 0o600;
const PATH = '/api/v1/agents/self/targets';

/** A target list that was checked against the pinned document key and its commitments. */
export interface CheckedList {
  readonly list: TargetList;
  /** Base64 hash of the signed document, for headers. */
  readonly hash: string;
  /** In the order of the targets. */
  readonly records: readonly TargetRecord[];
}

interface Stored {
  readonly envelope: Envelope;
  readonly private: PrivateTargets;
}

export interface TargetBookDeps {
  readonly state_dir: string;
  readonly crypto: Crypto;
  readonly identity: Identity;
  /** Origins of logs that the document key opened. */
  readonly knowsLog: (origin: string) => boolean;
}

/** Keeps the newest target list on disk and lets nothing older or unsigned in its place. */
export class TargetBook {
  readonly #deps: TargetBookDeps;
  #current: CheckedList | undefined;
  #envelope: Envelope | undefined;
  #etag = '';

  constructor(deps: TargetBookDeps) {
    this.#deps = deps;
  }

  get current(): CheckedList | undefined {
    return this.#current;
  }

  /** The signed document of `current`, as it came. */
  get shown(): { readonly version: number; readonly envelope: Envelope } | undefined {
    if (this.#current === undefined || this.#envelope === undefined) return undefined;
    return { version: this.#current.list.version, envelope: this.#envelope };
  }

  /** Reads the list on disk and checks it again. Throws LanProofError if it was altered. */
  load(): CheckedList | undefined {
    const path = join(this.#deps.state_dir, TARGETS_FILE);
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw new LanProofError('TARGETS_UNREADABLE', 'the stored target list cannot be read', {
        hint: 'run as the owner of state_dir',
        place: path,
        cause,
      });
    }
    const stored = JSON.parse(text) as Stored;
    this.#current = this.check(stored);
    this.#envelope = stored.envelope;
    return this.#current;
  }

  /**
   * Fetches the list if there is a newer one; undefined where there is none. Throws
   * LanProofError: COLLECTOR_*, NO_TARGETS and other answers, or what `check` throws.
   */
  async fetch(
    api: AgentApi,
    onTime: (sample: ClockSample) => void,
    signal?: AbortSignal,
  ): Promise<CheckedList | undefined> {
    const headers = this.#etag === '' ? {} : { 'if-none-match': this.#etag };
    const { answer, sample } = await api.get(PATH, headers, signal);
    if (sample !== undefined) onTime(sample);
    if (answer.status === 304) return undefined;
    if (answer.status !== 200) {
      const { code, message, hint } = readError(answer);
      throw new LanProofError(code, message, { hint, fatal: false });
    }
    const stored = jsonOf(answer) as Stored;
    const checked = this.check(stored);
    this.#etag = answer.headers.etag ?? '';
    if (checked.list.version === this.#current?.list.version) return undefined;
    const text = `${JSON.stringify({ envelope: stored.envelope, private: stored.private })}\n`;
    writeAtomically(join(this.#deps.state_dir, TARGETS_FILE), text, PRIVATE_MODE);
    this.#current = checked;
    this.#envelope = stored.envelope;
    return checked;
  }

  /**
   * Checks signature, addressee, age and commitments. Throws LanProofError DSSE_*, TARGETS_*,
   * LIST_NOT_OURS, LIST_OLDER.
   */
  check(stored: Stored): CheckedList {
    const { crypto, identity, knowsLog } = this.#deps;
    const text = serializeEnvelope(stored.envelope);
    const payload = openEnvelope(crypto, text, documentType('targets'), identity.document_key);
    const list = parseTargetList(payload);
    if (list.site !== identity.site || list.agent !== identity.agent || !knowsLog(list.log)) {
      throw new LanProofError('LIST_NOT_OURS', `a list of ${list.site}/${list.agent}`, {
        hint: 'the collector sent a list of another agent: look at its log',
        place: list.log,
      });
    }
    const hash = toBase64(documentHash(crypto, text));
    const current = this.#current;
    if (current !== undefined && list.version < current.list.version) throw older(list, current);
    if (list.version === current?.list.version && hash !== current.hash) throw older(list, current);
    const records = parsePrivateTargets(stored.private);
    checkCommitments(crypto, list, records);
    return { list, hash, records: records.records.map(({ record }) => parseTargetRecord(record)) };
  }
}

function older(list: TargetList, current: CheckedList): LanProofError {
  const message = `list ${list.version} does not follow list ${current.list.version}`;
  return new LanProofError('LIST_OLDER', message, {
    hint: 'the collector was put back to an older state: import the inventory there again',
    place: `version ${list.version}`,
  });
}
