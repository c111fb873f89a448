import { LanProofError } from '../../shared/errors.ts';
import type { CheckProbe } from '../../shared/measure/codes.ts';
import type { ProbeTimes, PublicTarget, TargetRecord } from '../../shared/measure/targets.ts';
import { type AllowList, permitsResolved } from '../allow.ts';
import { CHECK_PROBERS, type CheckPlan } from '../probe/checks.ts';
import { hostOf, parseHttpUrl } from '../probe/http.ts';

/** One check as the list names it, before anybody looked whether it may be asked. */
export interface WantedCheck {
  readonly probe: CheckProbe;
  readonly interval_ms: number;
  /** Name or address that is asked; undefined: the target's own address. */
  readonly host: string | undefined;
  /** The check against the target's address, or against `host`. Throws LanProofError. */
  readonly plan: (address: string) => CheckPlan;
}

/** All checks of one target, in the order of the list. */
export function wantedChecks(
  index: number,
  target: PublicTarget,
  record: TargetRecord,
  allow: AllowList,
): WantedCheck[] {
  const of = <Private>(
    probe: CheckProbe,
    privates: readonly Private[] | undefined,
    ask: (own: Private, address: string, times: ProbeTimes) => CheckPlan['ask'],
    host?: (own: Private) => string,
  ): WantedCheck[] =>
    (target.probes[probe] ?? []).map((times, check) => {
      const own = privates?.[check];
      return {
        probe,
        interval_ms: times.interval_ms,
        host: own === undefined ? undefined : host?.(own),
        plan: (address) => {
          if (own === undefined) throw unnamed(target, probe, check);
          const { interval_ms, timeout_ms } = times;
          return { index, probe, check, interval_ms, timeout_ms, ask: ask(own, address, times) };
        },
      };
    });
  const { kind } = target;
  return [
    ...of('tcp', record.tcp, ({ port }, address) => (deadline, now_ms, { tcp } = CHECK_PROBERS) => {
      return tcp({ address, port }, deadline, undefined, now_ms);
    }),
    ...of('dns', record.dns, ({ name }, address) => (deadline, now_ms, { dns } = CHECK_PROBERS) => {
      return dns({ address, name }, deadline, undefined, now_ms);
    }),
    ...of(
      'http',
      record.http,
      ({ url }, host, { interval_ms }) => {
        const permits = (address: string): boolean =>
          permitsResolved(allow, host, address, kind, 'http', interval_ms).ok;
        return (deadline, now_ms, { http } = CHECK_PROBERS) =>
          http({ url, permits }, deadline, undefined, now_ms);
      },
      ({ url }) => urlHost(url),
    ),
  ];
}

/** '' is no host, so that a URL which cannot be read is refused like a host that is none. */
function urlHost(url: string): string {
  const parsed = parseHttpUrl(url);
  return parsed === null ? '' : hostOf(parsed);
}

function unnamed(target: PublicTarget, probe: CheckProbe, check: number): LanProofError {
  return new LanProofError('TARGET_NO_CHECK', `${target.code} has no ${probe} check ${check}`, {
    hint: 'the private part of the list lacks it: import the inventory of the site again',
  });
}
