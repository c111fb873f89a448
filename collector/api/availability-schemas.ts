import { Type } from 'typebox';
import { FIGURE_FLAGS } from '../../shared/judge/period/row.ts';
import { AsOfBody, Ms as At, NullableNumber, NullableText } from './schemas.ts';

/** Bodies of availability (contracts §3, accounting §6). */

const Ms = Type.Integer({ description: 'ms' });
const NullableMs = Type.Union([Ms, Type.Null()]);

const CauseTimes = Type.Object({ down_ms: Ms, unreachable_ms: Ms, unknown_ms: Ms });

const FIGURES = {
  expected_ms: Type.Integer({
    description:
      'period ∩ hours while the device was expected, not after as_of.to_ms; the sum of up, ' +
      'degraded, down, unreachable, off, unknown and maintenance',
  }),
  up_ms: Ms,
  degraded_ms: Type.Integer({ description: 'ms; answered, but badly: counts as up' }),
  down_ms: Ms,
  unreachable_ms: Ms,
  off_ms: Ms,
  unknown_ms: Ms,
  unknown_by: Type.Record(Type.String(), Ms),
  maintenance_ms: Ms,
  down_by_cause_ms: Type.Record(Type.String(), CauseTimes, {
    description: 'by cause; unknown_ms is explained by it and stays unknown',
  }),
  coverage: NullableNumber,
  availability: NullableNumber,
  worst: Type.Union([Type.Number(), Type.Null()], { description: 'unknown counted as down' }),
  best: Type.Union([Type.Number(), Type.Null()], { description: 'unknown counted as up' }),
  availability_lan: Type.Union([Type.Number(), Type.Null()], {
    description: 'what was down for another than a LAN cause is left out, see lan_excluded_ms',
  }),
  worst_lan: Type.Union([Type.Number(), Type.Null()], {
    description: 'unknown, undetermined and unsettled time counted as down',
  }),
  lan_excluded_ms: Ms,
};
const OUTAGES = {
  outages: Type.Integer({
    description:
      'unbroken down time of at least 60 s that begins in the period; shorter down time counts in ' +
      'down_ms and in availability, not as an outage',
  }),
  outages_ms: Type.Integer({ description: 'ms; their whole length, also beyond the period' }),
  longest_ms: NullableMs,
  mttr_ms: NullableNumber,
  mtbf_ms: Type.Union([Type.Number(), Type.Null()], { description: 'from 10 outages on' }),
};
const JUDGEMENT = {
  flags: Type.Array(Type.Enum([...FIGURE_FLAGS]), {
    description: 'low_coverage: below 95 %; no_headline: below 80 %, or nothing to cover',
  }),
};
const DETECTABLE = {
  smallest_detectable_ms: Type.Union([Ms, Type.Null()], {
    description: 'every outage of this length is seen; null for sums of several devices',
  }),
};

/** Figures without a name. */
export const FigureBody = Type.Object({ ...FIGURES, ...OUTAGES, ...JUDGEMENT, ...DETECTABLE });

/** What a row is of: one of these, as `by` asked. */
const NAMES = {
  device: Type.Optional(Type.String()),
  group: Type.Optional(Type.String({ description: 'empty: devices without a group' })),
  devices: Type.Optional(Type.Integer({ description: 'devices in the group' })),
  left_out: Type.Optional(
    Type.Integer({
      description:
        'computers that are too few to be told of without naming one, or that another row tells of',
    }),
  ),
  day: Type.Optional(Type.String({ description: 'local date YYYY-MM-DD' })),
  from_ms: Type.Optional(At),
  to_ms: Type.Optional(At),
  weekday: Type.Optional(Type.String({ description: 'mon … sun, local' })),
  hour: Type.Optional(Type.Integer({ description: '0 … 23, local' })),
};
export const NamedRow = Type.Object({ ...NAMES, ...FigureBody.properties });

const Totals = Type.Object(
  { site: FigureBody, workplaces: FigureBody, devices: FigureBody },
  {
    description:
      'site: gateway or core up and half of the known infrastructure; workplaces: workplaces × ' +
      'time with a path to the gateway; devices: all that were of the site in the period, upstream ' +
      'targets left out, and for roles that see no single computer all computers, too',
  },
);

const LateWindow = Type.Object({
  id: Type.String(),
  from_ms: At,
  to_ms: At,
  issued_ms: At,
  author: Type.String(),
  reason: Type.String(),
  late_ms: Type.Integer({ description: 'Σ over devices of time that keeps its state, ms' }),
});

const CalendarRef = Type.Object({
  code: Type.String(),
  profile: NullableText,
  version: Type.Union([Type.Integer(), Type.Null()], { description: 'null: the built-in one' }),
  hash: NullableText,
});

const PaperRef = (description: string) =>
  Type.Union([Type.Object({ version: Type.Integer(), hash: Type.String() }), Type.Null()], {
    description,
  });
const SettingsRef = PaperRef("document of the site's settings; null: built in");

export const AvailabilityBody = Type.Object({
  site: Type.String(),
  hours: Type.Enum(['working', 'all']),
  items: Type.Array(NamedRow),
  next: Type.Null(),
  totals: Totals,
  calendar: CalendarRef,
  settings: SettingsRef,
  late_maintenance: Type.Union(
    [
      Type.Object({ windows: Type.Array(LateWindow), items: Type.Array(NamedRow), totals: Totals }),
      Type.Null(),
    ],
    { description: 'the figures, had windows counted that reached the log too late; null: none' },
  ),
  corrected: Type.Union(
    [Type.Object({ items: Type.Array(NamedRow), totals: Totals }), Type.Null()],
    {
      description:
        'the figures with the causes that people gave afterwards, never a headline; items and totals ' +
        'above are the original ones; null: nothing was reclassified',
    },
  ),
  as_of: AsOfBody,
  archived_before_ms: Type.Union([Type.Integer(), Type.Null()], {
    description:
      'what is told of the time before it comes from the archived report: its bodies were deleted' +
      ' by the retention, nobody can compute it again; null: all of the period can be',
  }),
  rules: Type.Integer(),
});

/**
 * Sums of complete days have no outages: those are counted from intervals, site by site, and so is
 * what late maintenance and corrected causes would change.
 */
const UnitFigure = Type.Object({ ...FIGURES, ...JUDGEMENT });
const UnitTotals = Type.Object(
  { site: UnitFigure, workplaces: UnitFigure, devices: UnitFigure },
  {
    description:
      'as of one site, original figures: only those of a site carry late_maintenance and corrected',
  },
);
export const UnitBody = Type.Object({
  unit: Type.String(),
  hours: Type.Enum(['working', 'all']),
  items: Type.Array(
    Type.Object({
      site: Type.String(),
      name: Type.String(),
      unit: Type.String(),
      totals: UnitTotals,
      calendar: PaperRef("document of the site's calendar; null: built in"),
      settings: SettingsRef,
      as_of: AsOfBody,
    }),
  ),
  next: Type.Null(),
  total: UnitTotals,
  rules: Type.Integer(),
});
