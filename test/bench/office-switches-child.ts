/** Modelled switches as a process of their own, so that their CPU does not count as the agent's. */
import { createSnmpDevice } from '../../deploy/demo/snmp/device.ts';
import { createSwitchMib } from '../../deploy/demo/switch/switch-mib.ts';
import { createSwitchModel } from '../../deploy/demo/switch/switch-model.ts';

/** First message: what to serve; the answer is the port of each address. */
export interface SwitchesOrder {
  readonly addresses: readonly string[];
  readonly ports: number;
  readonly community: string;
}

const clock = (): number => Date.now();

process.once('message', async ({ addresses, ports, community }: SwitchesOrder) => {
  const devices = await Promise.all(
    addresses.map((address, seed) => {
      const model = createSwitchModel({ ports, name: address, descr: address, seed, clock });
      const mib = createSwitchMib(model, clock);
      return createSnmpDevice({ address, port: 0, community, mib });
    }),
  );
  // Every further message asks how many requests came so far.
  process.on('message', () => process.send?.(devices.map(({ requests }) => requests)));
  process.once('disconnect', () => {
    for (const device of devices) void device.close();
  });
  process.send?.(devices.map(({ port }) => port));
});
