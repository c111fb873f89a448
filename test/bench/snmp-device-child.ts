/** A modelled switch as a process of its own, so that its CPU does not count as the poller's. */
import { createSnmpDevice } from '../../deploy/demo/snmp-device.ts';
import { createSwitchMib } from '../../deploy/demo/switch-mib.ts';
import { createSwitchModel } from '../../deploy/demo/switch-model.ts';

const at_ms = Date.UTC(2026, 10, 18, 2);
const model = createSwitchModel({
  ports: 28,
  name: 'bench',
  descr: 'bench',
  seed: 1,
  clock: () => at_ms,
});
const device = await createSnmpDevice({
  address: '127.0.31.9',
  port: 0,
  community: 'bench',
  mib: createSwitchMib(model, () => at_ms),
});
process.send?.({ address: device.address, port: device.port });
process.on('disconnect', () => void device.close());
