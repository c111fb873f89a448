import { type Static, Type } from 'typebox';
import { CAUSES, CONFIDENCES } from '../../shared/judge/cause-names.ts';
import { DEVICE_KINDS, REACHABILITIES } from '../../shared/measure/codes.ts';
import { CODE_PATTERN } from '../../shared/measure/inventory-defaults.ts';
import { SHOWN_STATES, type ShownState } from '../report/current.ts';

/** Schemas that several resources share. Times: `x_ms` UTC epoch ms, `x` the same as RFC 3339. */

const Ms = Type.Integer({ description: 'UTC epoch ms' });
const NullableMs = Type.Union([Ms, Type.Null()]);
const Time = Type.String({ description: 'RFC 3339' });
const NullableTime = Type.Union([Time, Type.Null()]);
const NullableText = Type.Union([Type.String(), Type.Null()]);
const NullableNumber = Type.Union([Type.Number(), Type.Null()]);

export const Shown = Type.Enum([...SHOWN_STATES], {
  description:
    'worst first: down, unreachable (behind something that is down), degraded (answers, but slow or ' +
    'with losses), unknown, pending (never answered yet), maintenance, up, off (switched off by ' +
    'people); not_measured: nothing can be said (no probe, and no always-on witness)',
});

export const Counts = Type.Object(
  Object.fromEntries(SHOWN_STATES.map((state) => [state, Type.Integer()])) as Record<
    ShownState,
    ReturnType<typeof Type.Integer>
  >,
  { description: 'number of devices by state; together all devices of the inventory' },
);

export const ErrorBody = Type.Object(
  {
    error: Type.Object({
      code: Type.String({ description: 'stable, for programs' }),
      message: Type.String(),
      hint: Type.String({ description: 'what to do' }),
      request_id: Type.String(),
    }),
  },
  { description: 'every answer of 400 and above', additionalProperties: true },
);

export const AgentItem = Type.Object({
  agent: Type.String(),
  status: Type.Enum(['expected', 'pending', 'enrolled', 'revoked'], {
    description: 'expected: no key yet; pending: a person must approve the key',
  }),
  up: Type.Boolean({
    description:
      'its newest batch arrived at most 3 minutes ago (age_ms ≤ 180000) and its key is not revoked; ' +
      'one batch a minute is usual, so up to two may be late',
  }),
  short_code: Type.Union([Type.String(), Type.Null()], {
    description: 'to compare with what the agent shows',
  }),
  epoch: Type.Integer(),
  seq: Type.Integer(),
  software: NullableText,
  last_seen_ms: Type.Union([Ms, Type.Null()], { description: 'when its newest batch arrived' }),
  last_seen: NullableTime,
  closed_to_ms: NullableMs,
  closed_to: NullableTime,
  age_ms: Type.Union([Type.Integer(), Type.Null()], { description: 'now − last_seen' }),
  quarantined: Type.Boolean(),
  insecure: Type.Boolean({ description: 'speaks plain http from beyond the collector' }),
  list_version: Type.Integer({
    description:
      'target list of its newest batch; after an import it follows newest_list_version with the ' +
      'first batch that was measured by the new list, two to three minutes later',
  }),
  newest_list_version: Type.Integer({ description: 'newest target list that was made for it' }),
  history_lost_ms: Type.Union([Ms, Type.Null()], {
    description: 'when the agent last reported that the log has less than it saw (a restored copy)',
  }),
  history_rewritten_ms: Type.Union([Ms, Type.Null()], {
    description:
      'when the agent last reported that the log contradicts a checkpoint it saw; the proof is in ' +
      'its state_dir, folder alarms',
  }),
});
export type AgentItem = Static<typeof AgentItem>;

export const GroupItem = Type.Object({
  group: Type.String({ description: 'empty: computers without a group' }),
  total: Type.Integer(),
  states: Counts,
});
export type GroupItem = Static<typeof GroupItem>;

export const SiteItem = Type.Object({
  site: Type.String(),
  name: Type.String(),
  unit: Type.String(),
  unit_name: Type.String(),
  devices: Type.Integer(),
  states: Counts,
  worst: Shown,
  agents: Type.Array(AgentItem),
});
export type SiteItem = Static<typeof SiteItem>;

const Attached = Type.Object({ device: Type.String(), port: Type.Optional(Type.String()) });

export const DeviceItem = Type.Object({
  device: Type.String(),
  name: Type.String(),
  kind: Type.Enum([...DEVICE_KINDS]),
  agent: Type.String(),
  state: Shown,
  reason: Type.Union([Type.String(), Type.Null()], { description: 'why it is unknown' }),
  cause: Type.Union([Type.Enum([...CAUSES]), Type.Null()], {
    description:
      'of down, unreachable, and unknown time that a fact explains; not final before its incident is settled',
  }),
  confidence: Type.Union([Type.Enum([...CONFIDENCES]), Type.Null()], {
    description:
      'measured: proved by facts; inferred: signs speak for it; declared: a person says so',
  }),
  incident: Type.Union([Type.String(), Type.Null()], {
    description: 'id of the incident that it is part of',
  }),
  since_ms: NullableMs,
  since: NullableTime,
  last_reply_ms: NullableMs,
  last_reply: NullableTime,
  closed_to_ms: NullableMs,
  age_ms: Type.Union([Type.Integer(), Type.Null()], { description: 'now − closed_to' }),
  rtt_ms: Type.Union([Type.Number(), Type.Null()], { description: 'median of the newest minute' }),
  reachability: Type.Enum([...REACHABILITIES]),
  interval_ms: Type.Union([Type.Integer(), Type.Null()]),
  attached: Type.Optional(Attached),
  groups: Type.Array(Type.String()),
  powered_by: Type.String(),
  address: Type.Optional(Type.String({ description: 'operators only' })),
  mac: Type.Optional(Type.String({ description: 'operators only' })),
  hostname: Type.Optional(Type.String({ description: 'operators only' })),
});
export type DeviceItem = Static<typeof DeviceItem>;

export const AsOfBody = Type.Object(
  {
    log: Type.String(),
    size: Type.Integer(),
    to_ms: Ms,
    to: Time,
    at_ms: Ms,
    at: Time,
  },
  { description: 'the ledger prefix and the period that the figures are a function of' },
);

export const StripItem = Type.Object({
  device: Type.String(),
  name: Type.String(),
  kind: Type.Enum([...DEVICE_KINDS]),
  cells: Type.Array(Shown, { description: 'worst state of each minute, oldest first' }),
});
export type StripItem = Static<typeof StripItem>;

export const StripBody = Type.Object({
  site: Type.String(),
  from_ms: Ms,
  from: Time,
  to_ms: Ms,
  to: Time,
  items: Type.Array(StripItem),
  as_of: AsOfBody,
  rules: Type.Integer(),
});

/** Answers of lists: `next` goes into `?after=` of the next page, null on the last. */
export function listOf<Item extends Parameters<typeof Type.Array>[0]>(item: Item) {
  return Type.Object(
    { items: Type.Array(item), next: NullableText },
    { additionalProperties: true },
  );
}

export const SiteParams = Type.Object({ site: Type.String({ pattern: CODE_PATTERN }) });
export const DeviceParams = Type.Object({
  site: Type.String({ pattern: CODE_PATTERN }),
  device: Type.String({ pattern: CODE_PATTERN }),
});

/** Items of a page; the overview of a province is a few pages. */
export const PAGE_ITEMS_MAX = 500;
export const PAGE_ITEMS_DEFAULT = 200;
export const PageQuery = Type.Object(
  {
    after: Type.Optional(Type.String({ maxLength: 200 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: PAGE_ITEMS_MAX })),
    format: Type.Optional(Type.Enum(['json', 'csv'])),
  },
  { additionalProperties: false },
);
export type PageQuery = Static<typeof PageQuery>;

/** One page of a list that is sorted by `key`. */
export function page<Item>(
  items: readonly Item[],
  query: PageQuery,
  key: (item: Item) => string,
): { items: Item[]; next: string | null } {
  const { after, limit = PAGE_ITEMS_DEFAULT } = query;
  const rest = after === undefined ? items : items.filter((item) => key(item) > after);
  const shown = rest.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown, next: rest.length > limit && last !== undefined ? key(last) : null };
}

export { Ms, NullableMs, NullableNumber, NullableText, NullableTime, Time };
