/** Modelled switches in a process of their own: their CPU must not count as the poller's. */
import { createSnmpDevice } from '../../deploy/demo/snmp/device.ts';
import { createSwitchMib } from '../../deploy/demo/switch/switch-mib.ts';
import { createSwitchModel } from '../../deploy/demo/switch/switch-model.ts';

/** Sessions to one device take turns, so each poller of the bench has a device of its own. */
const DEVICES = 10;
const at_ms = Date.UTC(2026, 10, 18, 2);
const model = createSwitchModel({
  ports: 28,
  name: 'bench',
  descr: 'bench',
  seed: 1,
  clock: () => at_ms,
});
const mib = createSwitchMib(model, () => at_ms)();
const devices = await Promise.all(
  Array.from({ length: DEVICES }, (_, i) =>
    createSnmpDevice({ address: `127.102.31.${10 + i}`, port: 0, community: 'bench', mib }),
  ),
);
process.send?.(devices.map(({ address, port }) => ({ address, port })));
process.on('disconnect', () => {
  for (const device of devices) void device.close();
});
