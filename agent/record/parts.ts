import type {
  CheckPart,
  HostPart,
  ResultSection,
  SeriesPart,
  SnmpPart,
} from '../../shared/measure/batch.ts';
import type { RawCode } from '../../shared/measure/codes.ts';
import type { PublicTarget } from '../../shared/measure/targets.ts';

/** Without a carrier silence says nothing of the target; what was answered, was answered. */
export function withoutCarrier(code: RawCode): RawCode {
  return code === 'n' || code === 'x' ? 'l' : code;
}

/** Results of PCs stand apart: they are private and can be deleted by themselves. */
export function bySection<Part>(
  parts: readonly Part[],
  targetOf: (part: Part) => number,
  targets: readonly PublicTarget[],
): { readonly infra: Part[]; readonly endpoints: Part[] } {
  const infra: Part[] = [];
  const endpoints: Part[] = [];
  for (const part of parts) {
    (targets[targetOf(part)]?.kind === 'pc' ? endpoints : infra).push(part);
  }
  return { infra, endpoints };
}

/** A section that has nothing to say is left out; the header then does not name it. */
export function section(
  series: readonly SeriesPart[],
  snmp: readonly SnmpPart[],
  checks: readonly CheckPart[],
  host: HostPart | undefined,
): ResultSection | undefined {
  const empty = series.length === 0 && snmp.length === 0 && checks.length === 0;
  if (empty && host === undefined) return undefined;
  return {
    v: 1,
    series,
    ...(snmp.length === 0 ? {} : { snmp }),
    ...(checks.length === 0 ? {} : { checks }),
    ...(host === undefined ? {} : { host }),
  };
}
