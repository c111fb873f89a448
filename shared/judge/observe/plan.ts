import { SWITCHED_OFF_KINDS } from '../../measure/codes.ts';
import { RTT_LIMIT_LAN_MS } from '../../measure/inventory-defaults.ts';
import type { SiteDocument } from '../../measure/site-document.ts';
import type { JudgeInput } from '../types.ts';

const US_PER_MS = 1_000;
/** A port that is named by its ifIndex; other names stand in private sections only. */
const IF_INDEX = /^[1-9][0-9]{0,9}$/;
/** Leaves that wait for an agent: the windows of a year of many papers, and room. */
const UNSEEN_MAX = 10_000;

/** What observing needs of the site's plan. */
export interface PlanState {
  /** Limits of the round trip by device, ms, where they are not the default of the LAN. */
  readonly limits_ms: Readonly<Record<string, number>>;
  /** What people switch off, by the device and the ifIndex that it is plugged into. */
  readonly endpoints: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Where each agent is plugged in. */
  readonly agents: Readonly<Record<string, { readonly device: string; readonly port?: string }>>;
}

/** A maintenance leaf whose time of being seen is not known yet. */
export interface UnseenLeaf {
  readonly leaf: number;
  readonly log: string;
  readonly index: number;
}

function planOf(document: SiteDocument): PlanState {
  const limits_ms: Record<string, number> = {};
  const endpoints: Record<string, Record<string, string>> = {};
  const shared = new Set<string>();
  for (const { code, kind, attached, rtt_limit_ms } of document.devices) {
    if (rtt_limit_ms !== RTT_LIMIT_LAN_MS) limits_ms[code] = rtt_limit_ms;
    const port = attached?.port;
    if (attached === undefined || port === undefined || !IF_INDEX.test(port)) continue;
    const ports = endpoints[attached.device] ?? {};
    endpoints[attached.device] = ports;
    const place = `${attached.device} ${port}`;
    // Two devices behind one port: its traffic tells of neither.
    if (shared.has(place)) delete ports[port];
    else if (SWITCHED_OFF_KINDS.has(kind)) ports[port] = code;
    shared.add(place);
  }
  const agents = document.agents.flatMap(({ code, attached }) =>
    attached === undefined ? [] : [[code, attached] as const],
  );
  return { limits_ms, endpoints, agents: Object.fromEntries(agents) };
}

/** The limit of a device's round trips, µs; null: nothing is known of the site. */
export function limitUs(plan: PlanState | null, device: string): number | null {
  return plan === null ? null : (plan.limits_ms[device] ?? RTT_LIMIT_LAN_MS) * US_PER_MS;
}

/** Papers of the site change no slot: they serve what the batches after them show. */
export function foldPaper(
  site: { plan: PlanState | null; unseen: UnseenLeaf[] },
  input: Extract<JudgeInput, { kind: 'site' | 'maintenance' }>,
): void {
  if (input.kind === 'site') {
    site.plan = planOf(input.document);
    return;
  }
  const { leaf, log, index } = input;
  site.unseen.push({ leaf, log, index });
  if (site.unseen.length > UNSEEN_MAX) site.unseen.shift();
}
