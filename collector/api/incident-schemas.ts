import { type Static, Type } from 'typebox';
import { CAUSES, CONFIDENCES } from '../../shared/judge/cause-names.ts';
import { AsOfBody, Ms, NullableMs, NullableText, NullableTime, Time } from './schemas.ts';

/** Bodies of incidents and findings (contracts §3). */

const Fact = Type.Object(
  {
    what: Type.String(),
    from_ms: Ms,
    to_ms: Ms,
    pointer: Type.Object(
      { agent: Type.String(), epoch: Type.Integer(), seq: Type.Integer() },
      { description: 'the signed batch that says so' },
    ),
  },
  {
    additionalProperties: true,
    description: 'what an agent saw; device, agent, target, port and values as `what` has them',
  },
);

const Note = Type.Object({
  kind: Type.Enum(['note', 'acknowledge']),
  device: NullableText,
  from_ms: Ms,
  author: Type.String(),
  issued_ms: Ms,
  issued: Time,
  text: Type.String(),
});

const SaidCause = Type.Object({
  cause: Type.Enum([...CAUSES]),
  confidence: Type.Enum([...CONFIDENCES]),
});

const Corrected = Type.Object(
  {
    ...SaidCause.properties,
    device: NullableText,
    from_ms: Ms,
    reason: Type.String(),
    author: Type.String(),
    issued_ms: Ms,
    issued: Time,
  },
  { description: 'the last word of a person; figures stand with and without it' },
);

/** What every view of an incident says of it. */
const said = {
  id: Type.String(),
  kind: Type.Enum(['outage', 'degraded', 'flapping']),
  cause: Type.Enum([...CAUSES]),
  confidence: Type.Enum([...CONFIDENCES]),
  roots: Type.Array(Type.String()),
  unreachable: Type.Array(Type.String()),
  computers: Type.Object(
    { roots: Type.Integer(), unreachable: Type.Integer() },
    { description: 'computers that are not named to a viewer, as counts; 0 where they are named' },
  ),
  started_at_ms: Ms,
  started_at: Time,
  ended_at_ms: NullableMs,
  ended_at: NullableTime,
};

/** An incident that goes on, or that facts may still change: what a page shows of it. */
export const IncidentNow = Type.Object({
  ...said,
  phase: Type.Enum(['open', 'settling'], {
    description: 'open: goes on; settling: over, but later facts may still change its cause',
  }),
  cause: Type.Enum([...CAUSES], {
    description: 'as measured; what people say stands in /incidents',
  }),
});
export type IncidentNow = Static<typeof IncidentNow>;

export const IncidentItem = Type.Object({
  ...said,
  phase: Type.Enum(['open', 'settling', 'settled']),
  started_earliest_ms: NullableMs,
  ended_latest_ms: NullableMs,
  working_ms: Type.Integer({ description: 'working time that it touched, ms' }),
  device_ms: Type.Integer({
    description: 'down and unreachable time of all its devices, ms: an upper bound of the harm',
  }),
  facts: Type.Array(Fact),
  notes: Type.Array(Note),
  original: SaidCause,
  corrected: Type.Union([Corrected, Type.Null()]),
});

export const FindingItem = Type.Object({
  what: Type.String(),
  device: NullableText,
  port: NullableText,
  from_ms: Ms,
  from: Time,
  to_ms: Ms,
  to: Time,
  facts: Type.Array(Fact),
});

export const IncidentList = Type.Object({
  site: Type.String(),
  items: Type.Array(IncidentItem),
  next: NullableText,
  as_of: AsOfBody,
  rules: Type.Integer(),
});
export const IncidentBody = Type.Object({
  site: Type.String(),
  ...IncidentItem.properties,
  as_of: AsOfBody,
  rules: Type.Integer(),
});
export const FindingList = Type.Object({
  site: Type.String(),
  items: Type.Array(FindingItem),
  next: Type.Null(),
  as_of: AsOfBody,
  rules: Type.Integer(),
});
