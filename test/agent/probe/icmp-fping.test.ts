import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, type TestContext, test } from 'node:test';
import type { ArpProber } from '../../../agent/probe/arp.ts';
import { createFpingEngine, planFping } from '../../../agent/probe/icmp-fping.ts';
import type { Engine } from '../../../agent/probe/prober.ts';
import { LanProofError } from '../../../shared/errors.ts';
import { RecordingSink, realClock, target, until } from './recording-sink.ts';

const dir = mkdtempSync(join(tmpdir(), 'lanproof-test-'));
after(() => rmSync(dir, { recursive: true, force: true }));

/** A program in a folder of its own: `TALK` looks for its clock beside itself. */
function script(name: string, body: string): string {
  const path = join(mkdtempSync(join(dir, 'bin-')), name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** Passes the check at start, then does `body` in loop mode. */
function fake(name: string, body: string): string {
  const echo = `echo "127.0.0.1 : xmt/rcv/%loss = 1/1/0%"`;
  return script(
    name,
    `case "$1" in -v) echo "fping: Version 9.9"; exit 0;; -c) ${echo}; exit 0;; esac\n${body}`,
  );
}

function pidsOf(engine: Engine): number[] {
  return 'pids' in engine && Array.isArray(engine.pids) ? engine.pids.map(Number) : [];
}

async function start(
  t: TestContext,
  path?: string,
): Promise<{
  sink: RecordingSink;
  clock: ReturnType<typeof realClock>;
  engine: Engine;
}> {
  const sink = new RecordingSink();
  const clock = realClock();
  const engine = await createFpingEngine({
    ...{ sink, clock, arp: null, max_packets_per_s: 1000 },
    ...(path === undefined ? {} : { path }),
  });
  // A test that failed must leave no process behind.
  t.after(() => engine.stop());
  return { sink, clock, engine };
}

/** Prints one reply of the canary and of 127.0.6.1 per second, as fping would. */
const TALK = `
n=0
while :; do
  now=$(( $(date +%s) + $(cat "$(dirname "$0")/shift" 2>/dev/null || echo 0) )).$(date +%N | cut -c1-5)
  printf '[%s] 127.0.0.1 : [%d], 64 bytes, 0.100 ms (0.1 avg, 0%% loss)\\n' "$now" $n
  EXTRA
  n=$((n + 1)); sleep 1
done`;

function talking(name: string, extra: string): string {
  return fake(name, TALK.replace('EXTRA', extra));
}

/** Each waits for seconds of real time, over addresses and programs of its own. */
const TOGETHER = 5;

describe('fping as the engine of echoes', { concurrency: TOGETHER }, () => {
  test('loopback addresses answer; ticks lie at t0 + n × interval, away from slot edges', async (t) => {
    const { sink, clock, engine } = await start(t);
    assert.match(engine.version, /^\d+\.\d+/);
    const list = [target(5, '127.0.9.1'), target(2, '127.0.0.1'), target(8, '127.0.9.1')];
    const before = clock.monotonic_ms();
    await engine.apply(list, 0);
    await until('three rows', () => sink.rowsOf(0).length >= 3);
    const series = sink.opened[0];
    assert.ok(series !== undefined);
    assert.deepEqual(series.targets, [5, 2, 8]);
    assert.ok(series.t0_ms >= before && series.t0_ms <= before + 2000);
    const phase = (series.t0_ms + clock.wall_ms() - clock.monotonic_ms()) % 1000;
    assert.ok(phase > 50 && phase < 950, `phase ${phase}`);
    for (const row of sink.rowsOf(0).slice(0, 3)) {
      assert.deepEqual(row.codes, ['r', 'r', 'r']);
      assert.ok(row.rtt_us.every((rtt) => rtt >= 0 && rtt < 300_000));
    }
    await engine.stop();
    assert.deepEqual(sink.closed, [series.id]);
    assert.deepEqual(sink.problems, []);
    assert.deepEqual(pidsOf(engine), []);
  });

  test('a list change loses and doubles no tick of an unchanged target', async (t) => {
    const { sink, clock, engine } = await start(t);
    await engine.apply([target(0, '127.0.2.1'), target(1, '127.0.2.2')], 0);
    await until('a row', () => sink.rowsOf(0).length >= 1);
    // A minute edge of the settable clock is where the agent changes lists; a second edge will do.
    const offset = clock.wall_ms() - clock.monotonic_ms();
    const from = Math.ceil((clock.monotonic_ms() + offset + 1500) / 1000) * 1000 - offset;
    await engine.apply([target(0, '127.0.2.3'), target(1, '127.0.2.1')], from);
    assert.deepEqual(sink.closed, [sink.opened[0]?.id]);
    await until('rows of the new list', () => sink.rowsOf(1).length >= 2);
    await engine.stop();
    const [old, young] = sink.opened;
    assert.ok(old !== undefined && young !== undefined);
    assert.ok(old.t0_ms + (sink.rowsOf(0).length - 1) * 1000 < from);
    assert.ok(young.t0_ms >= from && young.t0_ms < from + 500);
    const slots = sink.ticksOf(0).map((tick) => Math.floor((tick.at_ms + offset) / 1000));
    for (const [i, slot] of slots.entries()) assert.equal(slot, (slots[0] ?? 0) + i);
    const codes = sink.ticksOf(0).slice(0, -1);
    assert.ok(codes.every((tick) => tick.code === 'r'));
  });

  test('kill -9 of fping: the gap is x, and a new series goes on', async (t) => {
    const { sink, engine } = await start(t);
    await engine.apply([target(0, '127.0.3.1')], 0);
    await until('two rows', () => sink.rowsOf(0).length >= 2);
    const pid = pidsOf(engine)[0];
    assert.ok(pid !== undefined);
    process.kill(pid, 'SIGKILL');
    await until('rows of the next process', () => sink.rowsOf(1).length >= 2);
    await engine.stop();
    assert.equal(sink.problems[0]?.code, 'ENGINE_DIED');
    const ticks = sink.ticksOf(0).map((tick) => tick.at_ms);
    for (const [i, at] of ticks.entries()) {
      if (i > 0) assert.ok(at - (ticks[i - 1] ?? 0) > 0 && at - (ticks[i - 1] ?? 0) < 2000);
    }
  });

  test('a hung fping (SIGSTOP) is noticed, its ticks are x, and it is replaced', async (t) => {
    const { sink, engine } = await start(t);
    await engine.apply([target(0, '127.0.4.1')], 0);
    await until('a row', () => sink.rowsOf(0).length >= 1);
    const pid = pidsOf(engine)[0];
    assert.ok(pid !== undefined);
    process.kill(pid, 'SIGSTOP');
    await until('rows of the next process', () => sink.rowsOf(1).length >= 1, 20_000);
    await engine.stop();
    assert.equal(sink.problems[0]?.code, 'ENGINE_SILENT');
    assert.throws(() => process.kill(pid, 0), /ESRCH/);
    assert.ok(sink.rowsOf(0).filter((row) => row.codes[0] === 'x').length >= 2);
  });

  for (const by_ms of [-3_600_000, 3_600_000]) {
    test(`a step of the settable clock by ${by_ms / 1000} s starts a new series`, async (t) => {
      // The stand-in keeps to a clock of its own that is moved together with the engine's.
      const path = talking(
        'shifted',
        `printf '[%s] 127.0.5.1 : [%d], 64 bytes, 0.1 ms\\n' "$now" $n`,
      );
      const moved = join(dirname(path), 'shift');
      writeFileSync(moved, '0');
      const { sink, clock, engine } = await start(t, path);
      await engine.apply([target(0, '127.0.5.1')], 0);
      await until('a row', () => sink.rowsOf(0).length >= 1);
      writeFileSync(moved, String(by_ms / 1000));
      clock.shift_ms = by_ms;
      await until('the step is told', () => sink.problems.length > 0);
      assert.equal(sink.problems[0]?.code, 'CLOCK_STEP');
      await until('a row of the new series', () => sink.rowsOf(1).length >= 1);
      await engine.stop();
      assert.deepEqual(sink.rowsOf(1)[0]?.codes, ['r']);
      assert.ok([...sink.rowsOf(0), ...sink.rowsOf(1)].every((row) => row.lag_ms < 1000));
      const ticks = sink.ticksOf(0).map((tick) => tick.at_ms);
      for (const [i, at] of ticks.entries()) {
        if (i > 0) assert.ok(at > (ticks[i - 1] ?? 0) && at - (ticks[i - 1] ?? 0) < 2000);
      }
    });
  }

  test('a reply later than the own time-out is n though fping waited longer', async (t) => {
    const line = (host: string): string =>
      `printf '[%s] ${host} : [%d], 64 bytes, 150 ms (150 avg, 0%% loss)\\n' "$now" $n`;
    const path = talking('late', `${line('127.0.6.1')}; ${line('127.0.6.2')}`);
    const { sink, engine } = await start(t, path);
    const list = [
      target(0, '127.0.6.1', { timeout_ms: 149 }),
      target(1, '127.0.6.2', { timeout_ms: 150 }),
    ];
    await engine.apply(list, 0);
    await until('a row', () => sink.rowsOf(0).length >= 1);
    await engine.stop();
    assert.deepEqual(sink.rowsOf(0)[0]?.codes, ['n', 'r']);
    assert.deepEqual(sink.rowsOf(0)[0]?.rtt_us, [-1, 150_000]);
  });

  test('garbage is told once, and a target without a line is x while the canary lives', async (t) => {
    const path = talking(
      'garbage',
      `echo "%%% garbage [[["; echo "[1.5] 10.9.9.9 : [0], 64 bytes, 1 ms"`,
    );
    const { sink, engine } = await start(t, path);
    await engine.apply([target(0, '127.0.6.1')], 0);
    await until('two rows', () => sink.rowsOf(0).length >= 2);
    await engine.stop();
    assert.deepEqual(
      sink.problems.map((problem) => problem.code),
      ['ENGINE_GARBAGE'],
    );
    assert.deepEqual(sink.rowsOf(0)[0]?.codes, ['x']);
  });

  test('an fping that exits at once is tried again with a growing pause; ticks are x', async (t) => {
    const { sink, engine } = await start(t, fake('exits', 'echo "fping: oh no" >&2; exit 3'));
    await engine.apply([target(0, '127.0.6.1')], 0);
    await until('x rows', () => sink.rowsOf(0).length >= 2);
    await engine.stop();
    assert.ok(sink.rowsOf(0).every((row) => row.codes[0] === 'x'));
    const died = sink.problems.filter((problem) => problem.code === 'ENGINE_DIED');
    assert.equal(died.length, 1);
    assert.match(died[0]?.message ?? '', /exit code 3.*oh no/);
  });

  test('an fping that hangs from the start gives x rows, and stop ends it', async (t) => {
    const { sink, engine } = await start(t, fake('hangs', 'exec sleep 60'));
    await engine.apply([target(0, '127.0.6.1')], 0);
    await until('x rows', () => sink.rowsOf(0).length >= 1);
    const pid = pidsOf(engine)[0];
    assert.ok(pid !== undefined);
    await engine.stop();
    assert.throws(() => process.kill(pid, 0), /ESRCH/);
  });

  test('a missing fping and one without rights are told apart, with the fix', async (t) => {
    const code = (wanted: string) => (error: unknown) =>
      error instanceof LanProofError && error.code === wanted && error.hint.length > 5;
    await assert.rejects(start(t, join(dir, 'nowhere')), code('FPING_MISSING'));
    const rights = script(
      'rights',
      `[ "$1" = -v ] && exit 0; echo "$0: can't create socket (must run as root?)" >&2; exit 4`,
    );
    await assert.rejects(start(t, rights), code('FPING_NO_RIGHT'));
  });

  test('the real fping without its capability is FPING_NO_RIGHT', async (t) => {
    if (process.getuid?.() !== 0) return t.skip('needs root to give up rights');
    const copy = join(dir, 'fping-plain');
    execFileSync('cp', [execFileSync('which', ['fping'], { encoding: 'utf8' }).trim(), copy]);
    chmodSync(dir, 0o755);
    const drop = ['--reuid=65534', '--regid=65534', '--clear-groups', copy];
    const path = script('dropped', `exec setpriv ${drop.join(' ')} "$@"`);
    await assert.rejects(
      start(t, path),
      (error) => error instanceof LanProofError && error.code === 'FPING_NO_RIGHT',
    );
  });

  test('a list that needs more packets than allowed is refused before anything changes', () => {
    const list = Array.from({ length: 100 }, (_, i) => target(i, `127.0.7.${i}`));
    assert.throws(
      () => planFping(list, 'fping', 50),
      (error) => error instanceof LanProofError && error.code === 'PACKET_RATE',
    );
    const six = [...list, target(100, '::1'), target(101, '127.0.8.1', { interval_ms: 5000 })];
    const plans = planFping(six, 'fping', 1000);
    assert.deepEqual(
      plans.map((plan) => [plan.family, plan.interval_ms, plan.gap_ms, plan.targets.length]),
      [
        [4, 1000, 3, 100],
        [6, 1000, 3, 1],
        [4, 5000, 3, 1],
      ],
    );
  });

  test('a silent host is asked by ARP in the same slot: a, x for a foreign MAC, n when silent', async (t) => {
    const line = (host: string): string =>
      `printf '[%s] ${host} : [%d], timed out (NaN avg, 100%% loss)\\n' "$now" $n`;
    const hosts = ['127.0.6.1', '127.0.6.2', '127.0.6.3', '127.0.6.4'];
    const path = talking('silent', hosts.map(line).join('; '));
    const asked: string[] = [];
    const arp: ArpProber = {
      tool: 'test',
      probe: async ({ address, mac }) => {
        asked.push(address);
        if (address === '127.0.6.1') return { code: 'r', rtt_us: 5, detail: { mac: mac ?? '' } };
        if (address === '127.0.6.2') return { code: 'x', reason: 'foreign MAC 02:00:00:00:00:09' };
        return { code: 'n', reason: 'no answer' };
      },
    };
    const foreign: unknown[] = [];
    const sink = new RecordingSink();
    const engine = await createFpingEngine({
      ...{ sink, clock: realClock(), arp, path, max_packets_per_s: 1000 },
      onForeignMac: (index, mac) => foreign.push([index, mac]),
    });
    t.after(() => engine.stop());
    const more = { interval_ms: 5000, timeout_ms: 300 };
    const list = hosts.map((host, i) => target(i, host, { ...more, arp_on_silence: i < 3 }));
    await engine.apply(list, 0);
    await until('a row', () => sink.rowsOf(0).length >= 1);
    await engine.stop();
    assert.deepEqual(sink.rowsOf(0)[0]?.codes, ['a', 'x', 'n', 'n']);
    assert.deepEqual(asked, hosts.slice(0, 3));
    assert.deepEqual(foreign, [[1, '02:00:00:00:00:09']]);
  });

  test('large echoes are a process and a series of their own, with the payload that is asked', async (t) => {
    const { sink, engine } = await start(t);
    const list = [target(4, '127.0.9.4'), target(4, '127.0.9.4', { bytes: 1_400 })];
    await engine.apply(list, 0);
    await until('rows of both', () => [0, 1].every((k) => sink.rowsOf(k).length > 1));
    assert.deepEqual(sink.opened.map(({ probe }) => probe).toSorted(), ['echo_large', 'icmp']);
    for (const k of [0, 1]) assert.deepEqual(sink.rowsOf(k)[0]?.codes, ['r']);
    const lines = pidsOf(engine).map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
    const large = lines.filter((line) => line.split('\0').join(' ').includes(' -b 1400 '));
    assert.deepEqual([lines.length, large.length], [2, 1]);
    await engine.stop();
    assert.deepEqual(sink.problems, []);
  });
});
