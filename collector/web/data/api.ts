import type { Cause, Confidence } from '../../../shared/judge/cause-names.ts';
import type { Shown } from '../parts/state-badge.tsx';

/** The parts of the HTTP answers that the page shows; openapi.json has them whole. */

export interface Me {
  readonly role: string;
  readonly demo: boolean;
}

export interface Agent {
  readonly agent: string;
  readonly status: 'expected' | 'pending' | 'enrolled' | 'revoked';
  readonly up: boolean;
  readonly short_code: string | null;
  readonly closed_to_ms: number | null;
}

export interface Site {
  readonly site: string;
  readonly name: string;
  readonly unit_name: string;
  readonly devices: number;
  readonly states: Readonly<Partial<Record<Shown, number>>>;
  readonly worst: Shown;
  readonly agents: readonly Agent[];
}

/** An incident that goes on, or that later facts may still change. */
export interface Incident {
  readonly id: string;
  readonly kind: 'outage' | 'degraded' | 'flapping';
  readonly phase: 'open' | 'settling';
  readonly cause: Cause;
  readonly confidence: Confidence;
  readonly roots: readonly string[];
  readonly unreachable: readonly string[];
  readonly computers: { readonly roots: number; readonly unreachable: number };
  readonly started_at_ms: number;
  readonly ended_at_ms: number | null;
}

export interface SiteDetail extends Site {
  readonly incidents: readonly Incident[];
}

export interface Device {
  readonly device: string;
  readonly name: string;
  readonly kind: string;
  readonly state: Shown;
  readonly reason: string | null;
  readonly cause: Cause | null;
  readonly confidence: Confidence | null;
  readonly incident: string | null;
  readonly since_ms: number | null;
  readonly last_reply_ms: number | null;
  readonly address?: string;
}

export interface Group {
  readonly group: string;
  readonly total: number;
  readonly states: Readonly<Partial<Record<Shown, number>>>;
}

export interface StripRow {
  readonly device: string;
  readonly cells: readonly Shown[];
}

export interface List<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

/** An error answer, with what a person can report. */
export class ApiError extends Error {
  readonly status: number;
  readonly request_id: string;

  constructor(status: number, message: string, request_id: string) {
    super(message);
    this.status = status;
    this.request_id = request_id;
  }
}

async function call<Answer>(path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(`/api/v1${path}`, { credentials: 'same-origin', ...init });
  const text = await response.text();
  const body: unknown = text === '' ? {} : JSON.parse(text);
  if (response.ok) return body as Answer;
  const { error } = body as { error?: { message?: string; request_id?: string } };
  throw new ApiError(response.status, error?.message ?? '', error?.request_id ?? '');
}

export function get<Answer>(path: string): Promise<Answer> {
  return call(path);
}

export function post<Answer>(path: string, body: object): Promise<Answer> {
  return call(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-lanproof': 'page' },
    body: JSON.stringify(body),
  });
}

/** All pages of a list. */
export async function all<Item>(path: string): Promise<readonly Item[]> {
  const items: Item[] = [];
  let after: string | null = null;
  do {
    const query: string = after === null ? '' : `?after=${encodeURIComponent(after)}`;
    const list: List<Item> = await get(path + query);
    items.push(...list.items);
    after = list.next;
  } while (after !== null);
  return items;
}
