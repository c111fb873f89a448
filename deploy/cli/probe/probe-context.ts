import { lookup } from 'node:dns/promises';
import { createAllowList, type ProbeKind } from '../../../agent/allow.ts';
import { type AgentConfig, loadAgentConfig } from '../../../agent/config.ts';
import { createLinuxPlatform } from '../../../agent/platform/linux.ts';
import type { Platform } from '../../../agent/platform/platform.ts';
import { LanProofError } from '../../../shared/errors.ts';
import { parseAddress } from '../../../shared/measure/address.ts';
import type { RawCode } from '../../../shared/measure/codes.ts';
import type { Arguments, Io } from '../command.ts';

/** As `upstream` devices are asked: what lies outside `allow` may be asked once a minute. */
const INTERVAL_MS = 60_000;

/** What a probe needs besides its target. */
export interface ProbeContext {
  readonly platform: Platform;
  /** Monotonic ms. */
  readonly now_ms: () => number;
  /** Aborts at Ctrl-C. */
  readonly stop: AbortSignal;
  /** agent.yml, where the command line names it. */
  readonly config: AgentConfig | undefined;
  /** A step that was done, or something that was seen: shown with --debug. */
  readonly say: (step: string) => void;
  /** Throws LanProofError TARGET_*: this machine may not probe that address or host name. */
  readonly permit: (host: string, probe: ProbeKind) => void;
}

/** What a probe found, as a batch would hold it. */
export interface Verdict {
  readonly code: RawCode;
  /** The outcome of a check, or one sentence. */
  readonly outcome: string;
  /** Times and the like, after the outcome. */
  readonly detail?: string;
}

export const ALLOW_OPTIONS = { config: { type: 'string' }, allow: { type: 'string' } } as const;
export const ALLOW_USAGE = `  --config FILE     agent.yml: its \`allow\` and its secrets_dir hold here, too
  --allow CIDR,…    may be asked besides; nothing on loopback or of this machine without it`;

/** Throws LanProofError CONFIG_*, ALLOW_ENTRY. */
export function createContext(parsed: Arguments, io: Io, stop: AbortSignal): ProbeContext {
  const file = parsed.text('config');
  const config = file === undefined ? undefined : loadAgentConfig(file, io.env);
  const platform = createLinuxPlatform();
  const now_ms = () => platform.monotonic_ms();
  const started_ms = now_ms();
  const debug = parsed.flag('debug');
  const say = (step: string): void => {
    if (debug) io.err(`+${(now_ms() - started_ms).toFixed(1).padStart(8)} ms  ${step}`);
  };
  const own = platform.nics().flatMap(({ cidrs }) =>
    cidrs.map((cidr) => {
      const [address = '', prefix = '0'] = cidr.split('/');
      return { address, prefix: Number(prefix) };
    }),
  );
  const extra = parsed.text('allow')?.split(',') ?? [];
  // Whoever names an address on the command line means it, own ones included.
  const named = createAllowList(extra, []);
  const usual = createAllowList(config?.allow, own);
  const usual_reason =
    config?.allow === undefined ? 'it is in an own private network' : 'agent.yml allows it';
  const permit = (host: string, probe: ProbeKind): void => {
    const last = usual.permits(host, 'upstream', probe, INTERVAL_MS);
    if (named.permits(host, 'server', probe, INTERVAL_MS).ok) {
      say(`${host} may be probed: --allow names it.`);
      return;
    }
    if (usual.permits(host, 'server', probe, INTERVAL_MS).ok) {
      say(`${host} may be probed: ${usual_reason}.`);
      return;
    }
    if (isOwnName(host)) {
      throw new LanProofError('TARGET_NOT_ALLOWED', `${host} is not probed by ${probe}`, {
        hint: `it names this machine itself: pass --allow with ${host} and its address, to mean it`,
      });
    }
    if (last.ok && parseAddress(host) === undefined) {
      say(`${host} is not in \`allow\`; a name is asked as that of an upstream device is.`);
      say('Its addresses come next: each must be permitted by itself.');
      return;
    }
    if (last.ok) {
      say(`${host} is outside \`allow\`: an agent asks it only as a device of kind upstream.`);
      return;
    }
    throw new LanProofError(last.code, `${host} is not probed by ${probe}`, {
      hint: last.code === 'TARGET_NOT_ALLOWED' ? `${last.hint}, or pass --allow` : last.hint,
    });
  };
  return { platform, now_ms, stop, config, say, permit };
}

/** RFC 6761 §6.3: always loopback, whoever resolves it. */
function isOwnName(host: string): boolean {
  return /(^|\.)localhost\.?$/i.test(host);
}

/** The deadline of one probe: so many ms from now, or Ctrl-C. */
export function deadlineOf(context: ProbeContext, timeout_ms: number): AbortSignal {
  return AbortSignal.any([context.stop, AbortSignal.timeout(timeout_ms)]);
}

/**
 * The first address of a host, each of them permitted; the host itself if it is an address.
 * Undefined where the name has none. Throws LanProofError TARGET_*.
 */
export async function addressOf(
  context: ProbeContext,
  host: string,
  probe: ProbeKind,
): Promise<string | undefined> {
  if (parseAddress(host) !== undefined) {
    context.permit(host, probe);
    return host;
  }
  context.permit(host, probe);
  try {
    const found = await lookup(host, { all: true });
    const addresses = found.map(({ address }) => address);
    context.say(`The resolver of this machine says ${host} is ${addresses.join(', ')}.`);
    // A name may lead back to this machine or to a network that nobody allowed.
    for (const address of addresses) context.permit(address, probe);
    return addresses[0];
  } catch (error) {
    if (error instanceof LanProofError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? 'error';
    context.say(`The resolver of this machine knows no address of ${host} (${code}).`);
    return undefined;
  }
}
