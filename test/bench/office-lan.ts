import { execFileSync } from 'node:child_process';

/** Where the office lies: its network, and how a program is started among its devices. */
export interface OfficeLan {
  readonly name: 'LAN' | 'loopback';
  /** The first three bytes of its addresses. */
  readonly network: string;
  readonly execPath: string;
  readonly execArgv: readonly string[];
  remove(): void;
}

const AGENT_HOST = 254;

/**
 * A LAN of its own by a virtual cable into a network namespace, which takes root. On loopback each
 * fping also reads the requests of all others, which doubles its cost and is so on no real LAN.
 */
export function layOfficeLan(devices: number): OfficeLan {
  const loopback = { name: 'loopback', network: '127.109.0' } as const;
  if (process.getuid?.() !== 0) {
    return { ...loopback, execPath: process.execPath, execArgv: [], remove: () => undefined };
  }
  const network = '10.109.0';
  const ns = `lp-bench-${process.pid}`;
  const ip = (lines: readonly string[], inside: readonly string[] = []): void => {
    execFileSync('ip', [...inside, '-batch', '-'], { input: `${lines.join('\n')}\n` });
  };
  const outside = `lpb${process.pid}`.slice(0, 15);
  ip([
    `netns add ${ns}`,
    `link add ${outside} type veth peer name lan netns ${ns}`,
    `address add ${network}.${AGENT_HOST}/24 dev ${outside}`,
    `link set ${outside} up`,
  ]);
  const hosts = Array.from({ length: devices }, (_, k) => `${network}.${1 + k}/24`);
  const addresses = hosts.map((host) => `address add ${host} dev lan`);
  ip([...addresses, 'link set lo up', 'link set lan up'], ['-n', ns]);
  return {
    ...{ name: 'LAN', network, execPath: 'ip' },
    execArgv: ['netns', 'exec', ns, process.execPath],
    // The cable goes with its other end.
    remove: () => ip([`netns delete ${ns}`]),
  };
}
