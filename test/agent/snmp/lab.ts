import { execFileSync } from 'node:child_process';
import type { TestContext } from 'node:test';
import { openSession, type SessionDeps, type SnmpSession } from '../../../agent/snmp/session.ts';
import type { SnmpTarget } from '../../../agent/snmp/target.ts';
import {
  createSnmpDevice,
  type SnmpDevice,
  type SnmpDeviceOptions,
} from '../../../deploy/demo/snmp/device.ts';
import { createSwitchMib } from '../../../deploy/demo/switch/switch-mib.ts';
import {
  createSwitchModel,
  type SwitchModel,
  type SwitchOptions,
} from '../../../deploy/demo/switch/switch-model.ts';

export const COMMUNITY = 'comm-4711';
/** A Wednesday at 09:00 in Vietnam. */
export const NOON_MS = Date.UTC(2026, 10, 18, 2, 0, 0);
/** Short, for loopback answers within 1 ms; a loaded machine still makes it. */
export const TIMEOUT_MS = 250;

export const monotonic = (): number => performance.now();

export function deadline(ms = 10_000): AbortSignal {
  return AbortSignal.timeout(ms);
}

export function model(options: Partial<SwitchOptions> = {}): SwitchModel {
  return createSwitchModel({
    ports: 28,
    name: 'sw-core',
    descr: 'Modelled switch',
    seed: 7,
    clock: () => NOON_MS,
    ...options,
  });
}

export interface Lab {
  readonly device: SnmpDevice;
  readonly session: SnmpSession;
}

/** A device that serves a model at a fixed instant, and a session to it; closed with the test. */
export async function lab(
  t: TestContext,
  served: SwitchModel = model(),
  device_options: Partial<SnmpDeviceOptions> = {},
  deps: Partial<SessionDeps> = {},
): Promise<Lab> {
  const device = await createSnmpDevice({
    address: '127.0.31.5',
    port: 0,
    community: COMMUNITY,
    mib: createSwitchMib(served, () => NOON_MS),
    ...device_options,
  });
  t.after(() => device.close());
  return { device, session: sessionTo(t, device, deps) };
}

export function sessionTo(
  t: TestContext,
  device: Pick<SnmpDevice, 'address' | 'port'>,
  deps: Partial<SessionDeps> = {},
  target: Partial<SnmpTarget> = {},
): SnmpSession {
  const { address, port } = device;
  const session = openSession(
    { address, port, version: '2c', community: COMMUNITY, ...target } as SnmpTarget,
    { now_ms: monotonic, timeout_ms: TIMEOUT_MS, ...deps },
  );
  t.after(() => session.close());
  return session;
}

/** True where a program runs; else the test is skipped with what to install, or fails on CI. */
export function has(t: TestContext, program: string, debian_package: string): boolean {
  try {
    execFileSync('/bin/sh', ['-c', `command -v ${program}`], {
      env: { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` },
    });
    return true;
  } catch {
    const message = `${program} is missing: install the package ${debian_package}`;
    if (process.env.CI === 'true') throw new Error(message);
    t.skip(message);
    return false;
  }
}
