import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as timer } from 'node:timers/promises';
import { type Agent, createAgent } from '../../agent/agent.ts';
import { loadAgentConfig } from '../../agent/config.ts';
import { enrol } from '../../agent/enrol/enrol.ts';
import { ENROLMENT_FILE, type Identity, loadIdentity } from '../../agent/identity.ts';
import type { Logger } from '../../agent/log.ts';
import { createLinuxPlatform } from '../../agent/platform/linux.ts';
import { ENROL_VALID_DEFAULT_MS, issueEnrolToken } from '../../collector/auth/enrol-tokens.ts';
import type { CollectorDeps } from '../../collector/deps.ts';
import { collectorIdentity } from '../../collector/identity.ts';
import { makeFolder } from '../../shared/node/make-folder.ts';
import { createDemoProbers } from './lan/demo-checks.ts';
import { createDemoPlatform } from './lan/demo-platform.ts';
import { type DemoSite, SNMP_SECRET } from './sites.ts';
import type { Story } from './story/script.ts';

const PRIVATE_MODE = 0o600;
const FOLDER_MODE = 0o700;

export interface EnrolContext {
  readonly collector: CollectorDeps;
  /** Address of the running collector. */
  readonly url: string;
  readonly software: string;
  /** Agents may send packets to 127.net.0.0/16 only. */
  readonly net: number;
}

/**
 * The identity in `state_dir`; where there is none, the agent is enrolled over HTTP with a token
 * made as by `lanproof token create --approve`. Throws what enrolment throws.
 */
export async function enrolled(
  site: DemoSite,
  state_dir: string,
  { collector, url, software }: EnrolContext,
): Promise<Identity> {
  if (existsSync(join(state_dir, ENROLMENT_FILE))) return loadIdentity(state_dir, collector.crypto);
  const { token } = await issueEnrolToken(collector, collectorIdentity(collector), {
    site: site.code,
    agent: site.agent,
    valid_ms: ENROL_VALID_DEFAULT_MS,
    approve: true,
    by: 'demo',
  });
  return enrol(
    { collector: url, token, state_dir, insecure: false, software },
    {
      crypto: collector.crypto,
      monotonic_ms: collector.mono_ms,
      random: Math.random,
      sleep: (ms) => timer(ms),
      say: () => undefined,
    },
  );
}

/** The office around an agent. */
export interface Office {
  readonly story: Story;
  readonly site: DemoSite;
  /** UTC epoch ms. */
  readonly now_ms: () => number;
}

/** Builds the agent of a site from an agent.yml that anybody may read; it is not started yet. */
export function buildAgent(
  folder: string,
  { collector, url, software, net }: EnrolContext,
  { story, site, now_ms }: Office,
  log: Logger,
): Agent {
  const secrets = join(folder, 'secrets');
  makeFolder(secrets, FOLDER_MODE);
  writeFileSync(join(secrets, SNMP_SECRET), `${SNMP_SECRET}\n`, { mode: PRIVATE_MODE });
  const path = join(folder, 'agent.yml');
  const lines = [
    '# Written by the demo at each start.',
    `collector: ${url}`,
    'state_dir: state',
    'secrets_dir: secrets',
    `allow: [127.${net}.0.0/16]`,
    'icmp: { engine: udp-echo }',
  ];
  writeFileSync(path, `${lines.join('\n')}\n`, { mode: PRIVATE_MODE });
  return createAgent(loadAgentConfig(path, {}), {
    platform: createDemoPlatform(createLinuxPlatform(), story, site, now_ms),
    probers: createDemoProbers(story, site, now_ms),
    crypto: collector.crypto,
    log,
    software,
    random: Math.random,
    randomBytes: collector.random,
    sleep: sleepUntil,
  });
}

/** Resolves after `ms` or when the signal aborts. */
async function sleepUntil(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await timer(ms, undefined, { signal });
  } catch {
    // Aborted: whoever slept looks at the signal.
  }
}
