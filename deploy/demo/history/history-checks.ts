import type { CheckResult } from '../../../agent/probe/check.ts';
import type { CheckProbe } from '../../../shared/measure/codes.ts';
import { unanswered } from '../lan/demo-checks.ts';
import type { DemoDevice } from '../sites.ts';
import { type Reply, seedOf } from '../story/scenario.ts';
import { noise } from '../switch/switch-traffic.ts';

/** What a service on the LAN takes to accept, µs; others are multiples of it. */
const CONNECT_US = 340;
const ANSWER_US = 900;
const FIRST_BYTE_US = 1_800;
const OK = 200;

/**
 * What a check of a device's service would have brought at `at_ms` (UTC) while probes of the
 * device bring `reply`; the same as its services (services.ts) answer in the live run.
 */
export function modelledCheck(
  device: DemoDevice,
  probe: CheckProbe,
  check: number,
  reply: Reply,
  at_ms: number,
): CheckResult {
  if (reply === 'n' || reply === 'l') return unanswered(probe);
  const luck = noise(seedOf(`${device.code}/${probe}/${check}`), Math.floor(at_ms / 1_000), 5);
  const us = (base_us: number) => Math.round(base_us * (0.8 + 0.6 * luck));
  switch (probe) {
    case 'tcp': {
      const open = device.services?.tcp?.[check]?.open === true;
      return { code: 'r', outcome: open ? 'accepted' : 'refused', phases_us: [us(CONNECT_US)] };
    }
    case 'dns':
      return { code: 'r', outcome: 'answered', phases_us: [us(ANSWER_US)], status: 0 };
    case 'http': {
      const connect_us = us(CONNECT_US);
      const first_us = us(FIRST_BYTE_US);
      const whole_us = connect_us + first_us + us(CONNECT_US);
      const phases_us = [null, connect_us, null, first_us, whole_us];
      return { code: 'r', outcome: 'ok', phases_us, status: OK };
    }
  }
}
