import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import test from 'node:test';
import { createMetrics, type MetricSources, serveMetrics } from '../../agent/metrics.ts';
import type { ProbeSink, Row, Series } from '../../agent/probe/prober.ts';

const found = spawnSync('promtool', ['--version']).status === 0;
const missing = 'promtool is missing: apt install prometheus';

const SOURCES: MetricSources = {
  software: '0.1.0',
  waiting: () => 2,
  held: () => 0,
  oldestWaiting_ms: () => 1_790_000_000_000,
  spoolBytes: () => 4_096,
  spoolBytesMax: () => 1_000_000,
  packetsPerSecond: () => 1.5,
  listVersion: () => 7,
  measuredTargets: () => 12,
  refused: () => [
    { code: 'TARGET_NOT_ALLOWED' },
    { code: 'TARGET_NOT_ALLOWED' },
    { code: 'SECRET_MISSING' },
  ],
  lastProof_ms: () => undefined,
  clockOffset_ms: () => -25,
  synchronised: () => true,
  historyAlarms: () => 1,
};
const SINK: ProbeSink = {
  open: () => undefined,
  row: () => undefined,
  close: () => undefined,
  problem: () => undefined,
};
const SERIES: Series = { id: 1, probe: 'icmp', t0_ms: 0, interval_ms: 1_000, targets: [0, 1, 2] };
const ROW: Row = { series: 1, n: 0, codes: ['r', 'r', 'n'], rtt_us: [1, 1, -1], lag_ms: 0 };

async function filled(): Promise<string> {
  const metrics = createMetrics(SOURCES);
  const sink = metrics.counting(SINK);
  sink.open(SERIES);
  sink.row(ROW);
  sink.row({ ...ROW, n: 1 });
  sink.open({ ...SERIES, id: 2, probe: 'arp' });
  sink.close(2);
  sink.problem({ code: 'ENGINE_DIED', message: '10.77.0.2 and a secret' });
  metrics.paced();
  metrics.sealed('minute');
  metrics.delivered(1_790_000_060_000);
  metrics.problem('COLLECTOR_UNREACHABLE');
  const times = { requested_mono_ms: 0, response_ms: 120 };
  const system = { ok: true, sys_uptime_ticks: 1, scalars: {}, ...times } as const;
  metrics.polled({ system });
  metrics.polled({ system, status: { ok: false, failed: 'timeout', detail: '', ...times } });
  return metrics.registry.metrics();
}

test('probes by code, series, polls, list, clock and problems are counted', async () => {
  const text = await filled();
  for (const line of [
    'lanproof_agent_probes_total{probe="icmp",code="r"} 4',
    'lanproof_agent_probes_total{probe="icmp",code="n"} 2',
    'lanproof_agent_open_series{probe="icmp"} 1',
    'lanproof_agent_open_series{probe="arp"} 0',
    'lanproof_agent_snmp_polls_total{outcome="ok"} 1',
    'lanproof_agent_snmp_polls_total{outcome="timeout"} 1',
    'lanproof_agent_snmp_poll_duration_seconds_count 2',
    'lanproof_agent_batches_sealed_total{cause="minute"} 1',
    'lanproof_agent_deliveries_total 1',
    'lanproof_agent_last_delivery_timestamp_seconds 1790000060',
    'lanproof_agent_queue_oldest_timestamp_seconds 1790000000',
    'lanproof_agent_snmp_pace_changes_total 1',
    'lanproof_agent_list_version 7',
    'lanproof_agent_measured_targets 12',
    'lanproof_agent_refused_targets{code="TARGET_NOT_ALLOWED"} 2',
    'lanproof_agent_clock_offset_seconds -0.025',
    'lanproof_agent_clock_synchronised 1',
    'lanproof_agent_problems_total{code="ENGINE_DIED"} 1',
    'lanproof_agent_problems_total{code="COLLECTOR_UNREACHABLE"} 1',
    'lanproof_agent_build_info{version="0.1.0"} 1',
  ]) {
    assert.ok(text.split('\n').includes(line), line);
  }
  assert.ok(
    !/^lanproof_agent_last_proof_timestamp_seconds /m.test(text),
    'never proven: no series',
  );
  assert.ok(!/10\.77|secret and/.test(text), 'no address, no message');
  assert.deepEqual(
    text.split('\n').filter((line) => !/^(#|lanproof_agent_|$)/.test(line)),
    [],
  );
});

test('promtool accepts the exposition', {
  skip: !found && process.env['CI'] !== 'true' && missing,
}, async () => {
  assert.ok(found, missing);
  const input = await filled();
  const check = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' });
  assert.equal(check.status, 0, check.stdout + check.stderr);
});

test('a taken port is told with its fix', async (t) => {
  const { registry } = createMetrics(SOURCES);
  const listen = { host: '127.107.3.1', port: 0 };
  const server = await serveMetrics(registry, listen);
  t.after(() => server.close());
  const at = server.address();
  const port = typeof at === 'object' && at !== null ? at.port : 0;
  const missing_page = await fetch(`http://127.107.3.1:${port}/`);
  assert.equal(missing_page.status, 404);
  await assert.rejects(serveMetrics(registry, { ...listen, port }), { code: 'METRICS_LISTEN' });
});
