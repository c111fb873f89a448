import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { TestContext } from 'node:test';
import {
  createSnmpDevice,
  type SnmpDevice,
  type SnmpDeviceOptions,
} from '../../deploy/demo/snmp/device.ts';
import type { Mib } from '../../deploy/demo/snmp/mib.ts';
import { parseSnmprec, type Recording, sortedMib } from './snmprec.ts';

export const RECORDING_COMMUNITY = 'recorded';
/** One row of the recorded VRP switches has 760 bytes of text; two of them fit, as they did. */
const MESSAGE_BYTES_MAX = 1_472;

export interface ServedRecording {
  /** File name without folder and ending. */
  readonly name: string;
  readonly path: string;
  readonly recording: Recording;
  readonly device: SnmpDevice;
  /** `address:port`. */
  readonly place: string;
}

/** Serves a recording over UDP on this loopback address until the test ends. */
export async function serveRecording(
  t: TestContext,
  path: string,
  address: string,
  mib_of: (recording: Recording) => Mib = sortedMib,
  options: Partial<SnmpDeviceOptions> = {},
): Promise<ServedRecording> {
  const recording = parseSnmprec(readFileSync(path));
  const device = await createSnmpDevice({
    address,
    port: 0,
    community: RECORDING_COMMUNITY,
    mib: mib_of(recording),
    message_bytes_max: MESSAGE_BYTES_MAX,
    ...options,
  });
  t.after(() => device.close());
  const place = `${address}:${device.port}`;
  return { name: basename(path, '.snmprec'), path, recording, device, place };
}
