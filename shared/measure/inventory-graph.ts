import { type Path, quote } from '../problem.ts';
import { SWITCHED_OFF_KINDS } from './codes.ts';
import type { Reader } from './inventory-reader.ts';
import type { Device, Inventory } from './inventory-types.ts';

/** Fewer silent witnesses are a sign, not a proof (accounting §2). */
const WITNESSES_MIN = 2;

/** Checks who hangs on whom: parents, cycles, agents, witnesses. */
export function checkGraph(reader: Reader, draft: Inventory): void {
  const byCode = new Map(draft.devices.map((device) => [device.code, device]));
  const agents = new Set(draft.agents.map((agent) => agent.code));
  draft.agents.forEach((agent, index) => {
    const at: Path = ['agents', index, 'attached', 'device'];
    checkParent(reader, agent.attached?.device, at, byCode);
  });
  draft.devices.forEach((device, index) => {
    const at: Path = ['devices', index];
    if (device.attached?.device === device.code && device.code !== '') {
      const message = `${quote(device.code)} is attached to itself`;
      const fix = 'name the device that it is plugged into, or remove `attached:`';
      reader.error('INVENTORY_PARENT_SELF', [...at, 'attached', 'device'], message, fix);
    } else checkParent(reader, device.attached?.device, [...at, 'attached', 'device'], byCode);
    if (device.agent !== '' && !agents.has(device.agent)) {
      const message = `agent ${quote(device.agent)} is not in this inventory`;
      const fix = `write one of: ${[...agents].join(', ')}`;
      reader.error('INVENTORY_AGENT_UNKNOWN', [...at, 'agent'], message, fix);
    }
    checkWitnesses(reader, device, at, byCode);
  });
  checkCycles(reader, draft.devices, byCode);
}

function checkParent(
  reader: Reader,
  parent: string | undefined,
  at: Path,
  byCode: ReadonlyMap<string, Device>,
): void {
  if (parent === undefined || parent === '' || byCode.has(parent)) return;
  const message = `device ${quote(parent)} is not in this inventory`;
  reader.error('INVENTORY_PARENT_UNKNOWN', at, message, 'add the device, or correct the code');
}

/** Every device has at most one parent, so one walk with marks finds each cycle once. */
function checkCycles(
  reader: Reader,
  devices: readonly Device[],
  byCode: ReadonlyMap<string, Device>,
): void {
  const seenInWalk = new Map<string, number>();
  devices.forEach((start, walk) => {
    let device: Device | undefined = start;
    const trail: string[] = [];
    while (device !== undefined && !seenInWalk.has(device.code)) {
      seenInWalk.set(device.code, walk);
      trail.push(device.code);
      const parent: string | undefined = device.attached?.device;
      device = parent === undefined || parent === device.code ? undefined : byCode.get(parent);
    }
    if (device === undefined || seenInWalk.get(device.code) !== walk) return;
    const cycle = trail.slice(trail.indexOf(device.code));
    if (cycle.length < 2) return;
    const shown = cycle.length > 8 ? [...cycle.slice(0, 7), '…'] : cycle;
    const index = devices.findIndex((d) => d.code === device.code);
    const at: Path = ['devices', index, 'attached', 'device'];
    const message = `attachments form a cycle: ${[...shown, device.code].join(' → ')}`;
    const fix = 'attach each device to the next one towards the gateway';
    reader.error('INVENTORY_CYCLE', at, message, fix);
  });
}

function checkWitnesses(
  reader: Reader,
  device: Device,
  at: Path,
  byCode: ReadonlyMap<string, Device>,
): void {
  const where: Path = [...at, 'witnesses'];
  const known: Device[] = [];
  device.witnesses.forEach((code, i) => {
    const witness = byCode.get(code);
    if (code === device.code && code !== '') {
      const message = `${quote(code)} cannot be its own witness`;
      reader.error('INVENTORY_WITNESS', [...where, i], message, 'name devices behind it');
    } else if (device.witnesses.indexOf(code) !== i) {
      const message = `witness ${quote(code)} is named twice`;
      reader.error('INVENTORY_WITNESS', [...where, i], message, 'remove one of the two');
    } else if (witness === undefined) {
      if (code === '') return;
      const message = `witness ${quote(code)} is not in this inventory`;
      reader.error('INVENTORY_WITNESS', [...where, i], message, 'add it, or correct the code');
    } else known.push(witness);
  });
  if (device.kind !== 'unmanaged-switch') {
    if (device.witnesses.length === 0) return;
    const message = 'only an unmanaged switch needs witnesses; they are not used here';
    reader.warning('INVENTORY_WITNESS_UNUSED', where, message, 'remove `witnesses:`');
    return;
  }
  warnOfWeakWitnesses(reader, device, known, where, byCode);
}

function warnOfWeakWitnesses(
  reader: Reader,
  device: Device,
  known: readonly Device[],
  where: Path,
  byCode: ReadonlyMap<string, Device>,
): void {
  const fix = 'name at least two always-on devices behind it (printer, camera, access point)';
  if (device.witnesses.length === 0) {
    const message = 'an unmanaged switch without witnesses is always unknown';
    reader.warning('INVENTORY_WITNESS_NONE', where, message, fix);
  } else if (known.length > 0 && known.every((w) => w.kind === 'pc')) {
    const message = 'PCs alone are no witnesses: people switch them off';
    reader.warning('INVENTORY_WITNESS_PCS', where, message, fix);
  } else if (known.filter((w) => !SWITCHED_OFF_KINDS.has(w.kind)).length < WITNESSES_MIN) {
    const message = 'fewer than two always-on witnesses: an outage is only inferred';
    reader.warning('INVENTORY_WITNESS_FEW', where, message, fix);
  }
  for (const witness of known) {
    if (isBehind(witness, device.code, byCode)) continue;
    const message = `witness ${quote(witness.code)} is not attached behind ${quote(device.code)}`;
    const attach = `write \`attached: { device: ${device.code} }\` at ${witness.code}`;
    const at: Path = [...where, device.witnesses.indexOf(witness.code)];
    reader.warning('INVENTORY_WITNESS_ELSEWHERE', at, message, attach);
  }
}

function isBehind(device: Device, ancestor: string, byCode: ReadonlyMap<string, Device>): boolean {
  const seen = new Set<string>();
  let node: Device | undefined = device;
  while (node?.attached !== undefined && !seen.has(node.code)) {
    seen.add(node.code);
    if (node.attached.device === ancestor) return true;
    node = byCode.get(node.attached.device);
  }
  return false;
}
