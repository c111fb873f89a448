import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ProbeSink } from '../probe/prober.ts';
import type { DevicePoll } from '../snmp/poll.ts';

const MS_PER_S = 1_000;
/** A small switch takes 50 ms, a stack some seconds; a poll must end within its minute. */
const POLL_SECONDS_BUCKETS = [0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Counts polls of devices and the time that they take. */
export function createPollCounter(registers: Registry[]): (poll: DevicePoll) => void {
  const polls = new Counter({
    name: 'lanproof_agent_snmp_polls_total',
    help: 'Polls of devices, by how their worst part ended.',
    labelNames: ['outcome'],
    registers,
  });
  const duration = new Histogram({
    name: 'lanproof_agent_snmp_poll_duration_seconds',
    help: 'Time that the parts of a poll took together.',
    buckets: POLL_SECONDS_BUCKETS,
    registers,
  });
  return ({ system, status, traffic, identity }) => {
    const parts = [system, status, traffic, identity].filter((part) => part !== undefined);
    const failed = parts.find((part) => !part.ok);
    polls.inc({ outcome: failed === undefined || failed.ok ? 'ok' : failed.failed });
    duration.observe(parts.reduce((sum, part) => sum + part.response_ms, 0) / MS_PER_S);
  };
}

/** Wraps a sink so that its verdicts, open series and problems are counted. */
export function createSinkCounter(
  registers: Registry[],
  problem: (code: string) => void,
): (sink: ProbeSink) => ProbeSink {
  const probes = new Counter({
    name: 'lanproof_agent_probes_total',
    help: 'Verdicts of single ticks, by probe and raw code.',
    labelNames: ['probe', 'code'],
    registers,
  });
  const open = new Gauge({
    name: 'lanproof_agent_open_series',
    help: 'Series that are being measured.',
    labelNames: ['probe'],
    registers,
  });
  return (sink) => {
    const known = new Map<number, string>();
    return {
      open(series) {
        known.set(series.id, series.probe);
        open.inc({ probe: series.probe });
        sink.open(series);
      },
      row(row) {
        const probe = known.get(row.series) ?? 'unknown';
        const counts = new Map<string, number>();
        for (const code of row.codes) counts.set(code, (counts.get(code) ?? 0) + 1);
        for (const [code, count] of counts) probes.inc({ probe, code }, count);
        sink.row(row);
      },
      close(series) {
        const probe = known.get(series);
        if (known.delete(series) && probe !== undefined) open.dec({ probe });
        sink.close(series);
      },
      problem(told) {
        problem(told.code);
        sink.problem(told);
      },
    };
  };
}
