import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { fromBase64, toBase64 } from '../../shared/bytes.ts';
import { batchHash, verifyBatchSignature } from '../../shared/evidence/chain.ts';
import { signCheckpoint } from '../../shared/evidence/checkpoint.ts';
import type { Signer } from '../../shared/evidence/crypto.ts';
import { openDocument } from '../../shared/evidence/document-reading.ts';
import { documentHash, documentType, signDocument } from '../../shared/evidence/documents.ts';
import { type Envelope, parseEnvelope, signEnvelope } from '../../shared/evidence/dsse.ts';
import { shortCode } from '../../shared/evidence/keys.ts';
import { encodeLeaf, type Leaf } from '../../shared/evidence/leaf.ts';
import {
  consistencyProof,
  inclusionProof,
  leafHash,
  nodeHash,
  rootFromLeaves,
} from '../../shared/evidence/merkle.ts';
import { parseAuthorization, verifyRequest } from '../../shared/evidence/request-auth.ts';
import type { BatchHeader } from '../../shared/measure/batch.ts';
import { parseHeader } from '../../shared/measure/header.ts';
import { type EnrolToken, HOLE_CONTENT_TYPE } from '../../shared/measure/protocol.ts';
import type { PrivateTargets, TargetList } from '../../shared/measure/targets.ts';
import { decodeWire } from '../../shared/measure/wire.ts';
import { createNodeCrypto } from '../../shared/node/crypto.ts';
import { testSigner } from '../fixtures/test-keys.ts';

const crypto = createNodeCrypto();

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/**
 * A collector of one agent that keeps everything in memory and speaks the real protocol with real
 * signatures and proofs. `next` lets a test answer the next batch itself.
 */
export class StandInCollector {
  origin: string;
  readonly site = 'hq';
  readonly agent = 'do-1';
  readonly log: Signer = testSigner('log');
  readonly document: Signer = testSigner('document');
  readonly leaves: Uint8Array[] = [];
  readonly headers: BatchHeader[] = [];
  readonly bodies: Uint8Array[] = [];
  readonly holes: { from_seq: number; to_seq: number; reason: string }[] = [];
  readonly requests: string[] = [];
  agentKey: Uint8Array = testSigner('agent').publicKey;
  approved = true;
  /** False: it was restored from a copy that does not know the agent. */
  known = true;
  readonly reintroduced: { enrol: Envelope; targets: Envelope | null }[] = [];
  expect = 1;
  head = new Uint8Array(32);
  list: { list: TargetList; private: PrivateTargets } | undefined;
  list_version = 0;
  time_ms: () => number = () => Date.now();
  /** Answers that tests put in front of the real ones, used up in order. */
  readonly next: Reply[] = [];
  /** The same for reintroductions. */
  readonly nextReintroduction: Reply[] = [];
  /** Alters a proof before it is sent. */
  proof: (answer: Record<string, unknown>) => Record<string, unknown> = (answer) => answer;
  #nonce = 0;
  #server: Server | undefined;
  #placed = new Map<number, { log: string; leaf: number; hash: Uint8Array }>();
  /** Leaves of the logs that were closed, by origin. */
  readonly closed = new Map<string, Uint8Array[]>();
  readonly logOpen: string;
  readonly logOpens: string[] = [];
  enrolDocument = '';

  constructor(origin = 'test/lanproof/log1') {
    this.origin = origin;
    this.logOpen = signDocument(crypto, this.document, 'log-open', {
      v: 1,
      log: this.origin,
      log_key: toBase64(this.log.publicKey),
      document_key: toBase64(this.document.publicKey),
      opened_ms: 1,
      previous: null,
    });
    this.logOpens.push(this.logOpen);
    this.append({ kind: 'log-open', site: null, agent: null, epoch: 0, seq: 0 }, this.logOpen);
    this.enrolAs(this.agentKey);
  }

  enrolAs(key: Uint8Array): void {
    this.agentKey = key;
    this.enrolDocument = signDocument(crypto, this.document, 'enrol', {
      v: 1,
      log: this.origin,
      site: this.site,
      agent: this.agent,
      epoch: 1,
      agent_key: toBase64(key),
      issued_ms: 1,
      approved_by: 'test',
    });
    this.head = new Uint8Array(documentHash(crypto, this.enrolDocument));
  }

  token(tls: string | null = null): string {
    const token: EnrolToken = {
      ...{ v: 1, id: 'a', secret: 'b', tls },
      log_key: toBase64(crypto.sha256(this.log.publicKey)),
      document_key: toBase64(crypto.sha256(this.document.publicKey)),
    };
    return `lpt1_${Buffer.from(JSON.stringify(token)).toString('base64url')}`;
  }

  append(place: Omit<Leaf, 'hash' | 'recv_ms'>, document: string | Uint8Array): number {
    const hash = typeof document === 'string' ? documentHash(crypto, document) : document;
    this.leaves.push(encodeLeaf({ ...place, hash, recv_ms: 1 }));
    return this.leaves.length - 1;
  }

  checkpoint(size = this.leaves.length, signer = this.log): string {
    const hashes = this.leaves.slice(0, size).map((leaf) => leafHash(crypto, leaf));
    const root = rootFromLeaves(crypto, hashes);
    return signCheckpoint(crypto, signer, { origin: this.origin, size, root });
  }

  /** Forgets everything after `seq`, as a collector restored from an older copy would. */
  restore(seq: number, head: Uint8Array): void {
    this.expect = seq + 1;
    this.head = new Uint8Array(head);
  }

  /** Goes on in a new log behind the first `size` leaves, as a collector that lost history does. */
  openNext(origin: string, size: number, reason = 'test'): void {
    const kept = this.leaves.slice(0, size).map((leaf) => leafHash(crypto, leaf));
    this.closed.set(this.origin, this.leaves.slice(0, size));
    const root = toBase64(rootFromLeaves(crypto, kept));
    const text = signDocument(crypto, this.document, 'log-open', {
      ...{ v: 1, log: origin, opened_ms: 2 },
      log_key: toBase64(this.log.publicKey),
      document_key: toBase64(this.document.publicKey),
      previous: { log: this.origin, size, root, reason },
    });
    this.origin = origin;
    this.leaves.length = 0;
    this.logOpens.push(text);
    this.append({ kind: 'log-open', site: null, agent: null, epoch: 0, seq: 0 }, text);
  }

  async listen(tls?: { key: string; cert: string }, at_port = 0): Promise<string> {
    const handler = (request: IncomingMessage, response: import('node:http').ServerResponse) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const reply = this.#answer(request, Buffer.concat(chunks));
        response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
        response.end(JSON.stringify(reply.body ?? {}));
      });
    };
    const server = tls === undefined ? createServer(handler) : createTlsServer(tls, handler);
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(at_port, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    return `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
  }

  async close(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  #answer(request: IncomingMessage, body: Buffer): Reply {
    const url = request.url ?? '';
    this.requests.push(`${request.method} ${url}`);
    if (url === '/api/v1/agents/nonce') {
      this.#nonce += 1;
      const nonce = `nonce-${String(this.#nonce).padStart(16, '0')}`;
      return { status: 200, body: { nonce, time_ms: this.time_ms() } };
    }
    if (url === '/api/v1/agents/enrol') return this.#enrol(body);
    if (url === '/api/v1/batches') return this.next.shift() ?? this.#batch(request, body);
    const authorization = parseAuthorization(request.headers.authorization ?? '');
    if (!verifyRequest(crypto, this.agentKey, request.method ?? '', url, authorization)) {
      return refuse(401, 'SIGNATURE_INVALID');
    }
    if (url === '/api/v1/agents/reintroduce') return this.#reintroduce(body);
    if (url === '/api/v1/agents/self/targets') return this.#targets(request);
    if (url === '/api/v1/agents/self/logs') {
      return { status: 200, body: { log_open: this.logOpens.map((text) => parseEnvelope(text)) } };
    }
    if (url.startsWith('/api/v1/agents/self/proof?')) return this.#prove(url);
    if (url.startsWith('/api/v1/agents/self/consistency?')) return this.#consistency(url);
    return refuse(404, 'NOT_FOUND');
  }

  #enrol(body: Buffer): Reply {
    const override = this.next.shift();
    if (override !== undefined) return override;
    const { public_key } = JSON.parse(body.toString('utf8')) as { public_key: string };
    const key = fromBase64(public_key);
    if (!this.approved) {
      return { status: 200, body: { status: 'pending', short_code: shortCode(crypto, key) } };
    }
    this.enrolAs(key);
    return {
      status: 200,
      body: {
        status: 'approved',
        enrol: parseEnvelope(this.enrolDocument),
        log_open: [parseEnvelope(this.logOpen)],
        checkpoint: this.checkpoint(),
        time_ms: this.time_ms(),
      },
    };
  }

  #reintroduce(body: Buffer): Reply {
    const shown: { enrol: Envelope; targets: Envelope | null } = JSON.parse(body.toString('utf8'));
    this.reintroduced.push(shown);
    const override = this.nextReintroduction.shift();
    if (override !== undefined) return override;
    const { site, agent, epoch } = openDocument(
      crypto,
      shown.enrol,
      'enrol',
      this.document.publicKey,
    );
    if (!this.known) {
      this.append({ kind: 'enrol', site, agent, epoch, seq: 0 }, this.enrolDocument);
      this.restore(0, documentHash(crypto, shown.enrol));
      this.known = true;
    }
    return { status: 200, body: { expect: { epoch, seq: this.expect }, time_ms: this.time_ms() } };
  }

  #batch(request: IncomingMessage, body: Buffer): Reply {
    if (!this.known) return refuse(401, 'unknown_agent');
    if (request.headers['content-type'] === HOLE_CONTENT_TYPE) return this.#hole(body);
    const wire = decodeWire(body);
    if (!verifyBatchSignature(crypto, this.agentKey, wire.header, wire.signature)) {
      return refuse(401, 'SIGNATURE');
    }
    const header = parseHeader(wire.header);
    const hash = batchHash(crypto, wire.header);
    const known = this.#placed.get(header.seq);
    if (known !== undefined && header.seq < this.expect) {
      if (toBase64(known.hash) !== toBase64(hash)) return refuse(409, 'CONFLICT');
      return this.#accepted(true, known.leaf);
    }
    if (header.seq !== this.expect) return this.#gap();
    if (header.prev !== toBase64(this.head)) return refuse(400, 'PREV');
    const { site, agent, epoch, seq } = header;
    const leaf = this.append({ kind: 'batch', site, agent, epoch, seq }, hash);
    this.#placed.set(seq, { log: this.origin, leaf, hash });
    this.headers.push(header);
    this.bodies.push(new Uint8Array(body));
    this.expect = seq + 1;
    this.head = new Uint8Array(hash);
    return this.#accepted(false, leaf);
  }

  #hole(body: Buffer): Reply {
    const hole = openDocument(crypto, body.toString('utf8'), 'hole', this.agentKey);
    if (hole.from_seq !== this.expect) return this.#gap();
    this.holes.push(hole);
    this.expect = hole.to_seq + 1;
    this.head = new Uint8Array(fromBase64(hole.next_prev));
    return this.#accepted(false, this.leaves.length - 1);
  }

  #gap(): Reply {
    const expect = { epoch: 1, seq: this.expect };
    return { status: 409, body: { error: { code: 'GAP', message: '', hint: '' }, expect } };
  }

  #accepted(duplicate: boolean, leaf: number): Reply {
    const { list_version } = this;
    const rest = { renew: false, list_version, time_ms: this.time_ms() };
    const checkpoint = this.checkpoint();
    return { status: 200, body: { accepted: true, duplicate, leaf, checkpoint, ...rest } };
  }

  #targets(request: IncomingMessage): Reply {
    if (this.list === undefined) return refuse(404, 'NO_TARGETS');
    const etag = `"${this.list.list.version}"`;
    if (request.headers['if-none-match'] === etag) return { status: 304 };
    const payload = new TextEncoder().encode(JSON.stringify(this.list.list));
    const envelope = signEnvelope(this.document, documentType('targets'), payload, crypto);
    return { status: 200, headers: { etag }, body: { envelope, private: this.list.private } };
  }

  #consistency(url: string): Reply {
    const query = new URL(url, 'http://x').searchParams;
    const [from, to] = [Number(query.get('from')), Number(query.get('to'))];
    const leaves = this.closed.get(query.get('log') ?? '');
    if (leaves === undefined) return refuse(404, 'LOG_UNKNOWN');
    if (to > leaves.length) return refuse(409, 'LOG_SMALLER');
    const consistency = consistencyProof(crypto, from, to, nodeOf(leaves)).map(toBase64);
    return { status: 200, body: { consistency } };
  }

  #prove(url: string): Reply {
    const query = new URL(url, 'http://x').searchParams;
    const placed = this.#placed.get(Number(query.get('seq')));
    if (placed?.log !== this.origin) return refuse(404, 'BATCH_UNKNOWN');
    const size = this.leaves.length;
    const at = nodeOf(this.leaves);
    const from = Number(query.get('from') ?? 0);
    if (from > size) return refuse(409, 'LOG_SMALLER');
    const answer = {
      leaf: placed.leaf,
      leaf_bytes: toBase64(this.leaves[placed.leaf] ?? new Uint8Array()),
      inclusion: inclusionProof(crypto, size, placed.leaf, at).map(toBase64),
      consistency: from === 0 ? [] : consistencyProof(crypto, from, size, at).map(toBase64),
      checkpoint: this.checkpoint(),
    };
    return { status: 200, body: this.proof(answer) };
  }
}

/** Hashes of complete subtrees. */
function nodeOf(leaves: readonly Uint8Array[]): (level: number, index: number) => Uint8Array {
  const at = (level: number, index: number): Uint8Array =>
    level === 0
      ? leafHash(crypto, leaves[index] ?? new Uint8Array())
      : nodeHash(crypto, at(level - 1, 2 * index), at(level - 1, 2 * index + 1));
  return at;
}

export function refuse(status: number, code: string, headers: Record<string, string> = {}): Reply {
  const error = { code, message: `refused: ${code}`, hint: 'as the test wants', request_id: '1' };
  return { status, headers, body: { error } };
}
