import { execFile } from 'node:child_process';

/** What a tool printed; `exit` is null when it was killed or could not start. */
export interface ToolResult {
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly missing: boolean;
}

export type RunTool = (
  path: string,
  args: readonly string[],
  deadline: AbortSignal,
) => Promise<ToolResult>;

/** One way of sending an ARP request. */
export interface ArpTool {
  readonly name: string;
  readonly path: string;
  /** Exit code of "asked, nobody answered". */
  readonly silent_exit: number;
  args(nic: string, address: string, timeout_ms: number): string[];
  parse(stdout: string, address: string): { mac: string; rtt_us: number } | null;
  /** One request again, but every answer within the time-out is waited for. */
  argsAll(nic: string, address: string, timeout_ms: number): string[];
  /** The line of an answer: its MAC. */
  readonly answer: RegExp;
}

/** Asks many addresses by one process, at a steady pace. */
export interface SweepTool {
  readonly path: string;
  args(nic: string, addresses: readonly string[], gap_ms: number): string[];
}

/** An ARP answer is one short line; more output than this is no answer. */
const OUTPUT_BYTES_MAX = 64 * 1024;
/** The check sends one request for an own address, nobody answers it. */
const CHECK_TIMEOUT_MS = 200;
/** A tool that does not end by then is not used. */
const CHECK_DEADLINE_MS = 3000;
/** How long the last hosts of a sweep may take to answer, ms. */
const SWEEP_TIMEOUT_MS = 500;
const SWEPT = /^(\d+\.\d+\.\d+\.\d+)\t([0-9a-f]{2}(?::[0-9a-f]{2}){5})/gim;
const MAC = /\b[0-9a-f]{2}(?::[0-9a-f]{2}){5}\b/i;

/** Runs a tool without a shell; an abort kills it. */
export const runTool: RunTool = (path, args, deadline) =>
  new Promise((resolve) => {
    const env = { PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin`, LC_ALL: 'C' };
    const options = {
      signal: deadline,
      killSignal: 'SIGKILL',
      maxBuffer: OUTPUT_BYTES_MAX,
      env,
    } as const;
    execFile(path, args, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      const exit = typeof code === 'number' ? code : null;
      resolve({ exit, stdout, stderr, missing: code === 'ENOENT' });
    });
  });

/** The first tool that is there and may send on `nic`; null when there is none. */
export async function detectArpTool(
  run: RunTool,
  nic: string,
  address: string,
): Promise<ArpTool | null> {
  const help = await run('arping', ['--help'], AbortSignal.timeout(CHECK_DEADLINE_MS));
  const text = help.stdout + help.stderr;
  const candidates: ArpTool[] = [];
  if (/Thomas Habets/.test(text)) {
    candidates.push(habets(/ARPing (\S+?),/.exec(text)?.[1] ?? '?'));
  } else if (!help.missing) candidates.push(iputils());
  candidates.push(arpScan());
  for (const tool of candidates) {
    if (await mayUse(run, tool, nic, address)) return tool;
  }
  return null;
}

/** arp-scan where it may be used: a sweep by one process instead of one process an address. */
export async function detectSweepTool(
  run: RunTool,
  nic: string,
  address: string,
): Promise<SweepTool | null> {
  if (!(await mayUse(run, arpScan(), nic, address))) return null;
  return {
    path: 'arp-scan',
    args: (on, addresses, gap_ms) => [
      ...[`--interface=${on}`, '--retry=1', `--timeout=${SWEEP_TIMEOUT_MS}`, '--quiet'],
      ...['--plain', '--numeric', `--interval=${Math.ceil(gap_ms)}`, ...addresses],
    ],
  };
}

/** Every MAC that answered for an address, each once, in the order of the answers. */
export function answeringMacs(tool: ArpTool, stdout: string): string[] {
  const macs = stdout.split('\n').flatMap((line) => {
    const mac = tool.answer.exec(line)?.[1]?.toLowerCase();
    return mac !== undefined && MAC.test(mac) ? [mac] : [];
  });
  return [...new Set(macs)];
}

/** `[address, mac]` of every line that a sweep printed. */
export function sweptHosts(stdout: string): [string, string][] {
  return [...stdout.matchAll(SWEPT)].map((found) => [
    found[1] ?? '',
    (found[2] ?? '').toLowerCase(),
  ]);
}

async function mayUse(run: RunTool, tool: ArpTool, nic: string, address: string): Promise<boolean> {
  const args = tool.args(nic, address, CHECK_TIMEOUT_MS);
  const result = await run(tool.path, args, AbortSignal.timeout(CHECK_DEADLINE_MS));
  if (result.missing || result.exit === null) return false;
  // "Nobody answered" and "no right" share exit code 1 in arping, so the words decide.
  if (/CAP_NET_RAW|permi(t|ssion)|root|No such device/i.test(result.stderr)) return false;
  return result.exit === 0 || result.exit === tool.silent_exit;
}

/** Debian's package "arping". `-C 1` ends at the first answer; `-w` takes fractions of a second. */
function habets(version: string): ArpTool {
  return {
    name: `arping ${version}`,
    path: 'arping',
    silent_exit: 1,
    args: (nic, address, timeout_ms) => [
      ...['-c', '1', '-C', '1', '-w', (timeout_ms / 1000).toFixed(3), '-i', nic, address],
    ],
    parse: (stdout) => {
      const found = /bytes from (\S+) .*time=([0-9.]+) (usec|msec|sec)/.exec(stdout);
      const mac = found?.[1];
      if (found === null || mac === undefined || !MAC.test(mac)) return null;
      const unit_us = found[3] === 'usec' ? 1 : found[3] === 'msec' ? 1000 : 1_000_000;
      return { mac: mac.toLowerCase(), rtt_us: Math.round(Number(found[2]) * unit_us) };
    },
    argsAll: (nic, address, timeout_ms) => [
      ...['-c', '1', '-w', (timeout_ms / 1000).toFixed(3), '-i', nic, address],
    ],
    answer: /bytes from (\S+) .*time=/,
  };
}

/** iputils: whole seconds only, the deadline from outside cuts it short. */
function iputils(): ArpTool {
  return {
    name: 'iputils-arping',
    path: 'arping',
    silent_exit: 1,
    args: (nic, address, timeout_ms) => [
      ...['-f', '-c', '1', '-w', String(Math.ceil(timeout_ms / 1000)), '-I', nic, address],
    ],
    parse: (stdout) => {
      const found = /reply from \S+ \[([0-9A-Fa-f:]{17})\]\s+([0-9.]+)ms/.exec(stdout);
      const mac = found?.[1];
      if (found === null || mac === undefined) return null;
      return { mac: mac.toLowerCase(), rtt_us: Math.round(Number(found[2]) * 1000) };
    },
    argsAll: (nic, address, timeout_ms) => [
      ...['-w', String(Math.ceil(timeout_ms / 1000)), '-I', nic, address],
    ],
    answer: /reply from \S+ \[([0-9A-Fa-f:]{17})\]/,
  };
}

/** arp-scan prints no round-trip time: −1. It always waits its whole time-out. */
function arpScan(): ArpTool {
  const args = (nic: string, address: string, timeout_ms: number): string[] => [
    ...[`--interface=${nic}`, '--retry=1', `--timeout=${Math.ceil(timeout_ms)}`],
    ...['--quiet', address],
  ];
  return {
    name: 'arp-scan',
    path: 'arp-scan',
    silent_exit: 0,
    args,
    argsAll: args,
    answer: /^\d+\.\d+\.\d+\.\d+\t([0-9a-f:]{17})/i,
    parse: (stdout, address) => {
      const line = stdout.split('\n').find((text) => text.startsWith(`${address}\t`));
      const mac = line === undefined ? undefined : MAC.exec(line)?.[0];
      return mac === undefined ? null : { mac: mac.toLowerCase(), rtt_us: -1 };
    },
  };
}
