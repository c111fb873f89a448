import { LanProofError } from '../../shared/errors.ts';
import type { IdentityRow } from '../../shared/measure/batch.ts';
import type { TargetRecord } from '../../shared/measure/targets.ts';
import { createAllowList } from '../allow.ts';
import type { AgentConfig } from '../config.ts';
import type { Engines } from '../engines.ts';
import type { Platform } from '../platform/platform.ts';
import { readSecret } from '../secrets.ts';
import type { Whereabouts } from '../whereabouts/whereabouts.ts';
import { type Plan, planList } from './plan.ts';
import type { CheckedList } from './targets.ts';

/**
 * The work of a list inside this agent's limits and at the present addresses; whereabouts learns
 * of it, too. Own networks are looked up each time: an office gets a new address range sometimes.
 */
export function planWithin(
  checked: CheckedList,
  parts: {
    readonly config: AgentConfig;
    readonly platform: Platform;
    readonly engines: Engines;
    readonly whereabouts: Whereabouts;
  },
  from_mono_ms: number,
  complain: (error: LanProofError, target?: number) => void,
): Plan {
  const { config, platform, engines, whereabouts } = parts;
  const own = platform.nics().flatMap(({ cidrs }) =>
    cidrs.map((cidr) => {
      const [address = '', prefix = '0'] = cidr.split('/');
      return { address, prefix: Number(prefix) };
    }),
  );
  const allow = createAllowList(config.allow, own);
  const { max_packets_per_s } = config;
  const limits = {
    ...{ allow, max_packets_per_s },
    arpReaches: (address: string) => engines.arpReaches(address),
    addressOf: (record: TargetRecord) => whereabouts.addressOf(record),
    secretOf: (name: string) => readSecret(config.secrets_dir, name),
  };
  const plan = planOrNothing(checked, limits, complain);
  for (const { index, code, message, hint } of plan.refused) {
    complain(new LanProofError(code, message, { hint, fatal: false }), index);
  }
  const spare_packets_per_s = max_packets_per_s - plan.packets_per_s;
  whereabouts.use(checked, { allow, spare_packets_per_s }, from_mono_ms);
  return plan;
}

function planOrNothing(
  checked: CheckedList,
  limits: Parameters<typeof planList>[1],
  complain: (error: LanProofError) => void,
): Plan {
  try {
    return planList(checked, limits);
  } catch (error) {
    // Nothing of a list that does not fit is probed: its slots count as not sent.
    complain(asError(error));
    return planList({ ...checked, records: [] }, limits);
  }
}

/** MACs as the list gives them, addresses as they are now; names that devices tell come by SNMP. */
export function identityOf({ records }: CheckedList, whereabouts: Whereabouts): IdentityRow[] {
  return records.flatMap((record, target): IdentityRow[] => {
    const address = whereabouts.addressOf(record);
    const { mac } = record;
    return [
      ...(address === undefined ? [] : [{ target, what: 'address', value: address } as const]),
      ...(mac === undefined ? [] : [{ target, what: 'mac', value: mac } as const]),
    ];
  });
}

/** Anything that was thrown, as an error with a code. */
export function asError(error: unknown): LanProofError {
  if (error instanceof LanProofError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const hint = 'please report this with the log of the agent';
  return new LanProofError('AGENT_FAULT', message, { hint, fatal: false, cause: error });
}
