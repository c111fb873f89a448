import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEngines } from '../../agent/engines.ts';
import type { Plan } from '../../agent/lists/plan.ts';
import { createLinuxPlatform } from '../../agent/platform/linux.ts';
import { createSnmpDevice } from '../../deploy/demo/snmp/device.ts';
import { createMib } from '../../deploy/demo/snmp/mib.ts';
import { RecordingSink, realClock, until } from './probe/recording-sink.ts';

const NET = '127.112.1';

test('a device that decides by SNMP is asked on after plans that follow quickly', async (t) => {
  const uptime = createMib([['1.3.6.1.2.1.1.3.0', { type: 'timeticks', value: 1 }]]);
  const place = { address: `${NET}.2`, port: 0, community: 'ro' };
  const device = await createSnmpDevice({ ...place, mib: uptime });
  t.after(() => device.close());
  const sink = new RecordingSink();
  const engines = await createEngines({
    ...{ choice: 'udp-echo', log: 'demo/x', sink, clock: realClock(), nic: null },
    platform: createLinuxPlatform(),
    max_packets_per_s: 100,
    onForeignMac: () => undefined,
    onFallback: (error) => assert.fail(error.message),
  });
  const at = (address: string): Plan => ({
    ...{ icmp: [], arp: [], refused: [], packets_per_s: 1 },
    snmp: [
      {
        ...{ index: 0, code: 'sw', kind: 'switch', interval_ms: 1_000, decides: true },
        target: { address, port: device.port, version: '2c', community: 'ro' },
        uplinks: [],
      },
    ],
  });
  try {
    await engines.apply(at(`${NET}.8`), 0);
    // Two devices that moved one after the other: the old series are still closing.
    await Promise.all([engines.apply(at(`${NET}.9`), 0), engines.apply(at(device.address), 0)]);
    const last = () => sink.rowsOf(sink.opened.length - 1);
    await until('a row of the last plan', () => last().length > 1);
    assert.deepEqual(last()[1]?.codes, ['r']);
  } finally {
    await engines.stop();
  }
});
