import type { CheckResult } from '../../../agent/probe/check.ts';
import { CHECK_PROBERS, type CheckProbers } from '../../../agent/probe/checks.ts';
import { hostOf, parseHttpUrl } from '../../../agent/probe/http.ts';
import { CHECK_PHASES, type CheckProbe } from '../../../shared/measure/codes.ts';
import type { DemoSite } from '../sites.ts';
import { stretchAt } from '../story/scenario.ts';
import type { Story } from '../story/script.ts';
import { DEMO_DNS_PORT } from './services.ts';

const SILENT = { tcp: 'timeout', dns: 'timeout', http: 'connect_timeout' } as const;

/** The device is silent, or the way to it is cut: nothing comes until the time-out. */
export function unanswered<P extends CheckProbe>(probe: P): CheckResult<(typeof SILENT)[P]> {
  const phases_us = CHECK_PHASES[probe].map(() => null);
  return { code: 'n', outcome: SILENT[probe], phases_us };
}

/**
 * The agent's own probes with the script as the cord between them and a service: a loopback address
 * cannot fall silent, it accepts or refuses at once. What the script lets pass is a real
 * connection. `clock` is UTC epoch ms.
 */
export function createDemoProbers(story: Story, site: DemoSite, clock: () => number): CheckProbers {
  const reaches = (address: string): boolean => {
    const device = site.devices.find((item) => item.address === address);
    if (device === undefined) return true;
    const { reply } = stretchAt(story, site, device, clock());
    return reply === 'r' || reply === 'a';
  };
  return {
    async tcp(target, deadline, ...more) {
      if (reaches(target.address)) return CHECK_PROBERS.tcp(target, deadline, ...more);
      await over(deadline);
      return unanswered('tcp');
    },
    async dns(target, deadline, ...more) {
      const here = { ...target, port: DEMO_DNS_PORT };
      if (reaches(target.address)) return CHECK_PROBERS.dns(here, deadline, ...more);
      await over(deadline);
      return unanswered('dns');
    },
    async http(target, deadline, ...more) {
      const url = parseHttpUrl(target.url);
      if (url === null || reaches(hostOf(url)))
        return CHECK_PROBERS.http(target, deadline, ...more);
      await over(deadline);
      return unanswered('http');
    },
  };
}

function over(deadline: AbortSignal): Promise<void> {
  if (deadline.aborted) return Promise.resolve();
  return new Promise((done) => {
    deadline.addEventListener('abort', () => done(), { once: true });
  });
}
