import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where Debian puts libfaketime, and the number of setsockopt(2) on that machine. */
const MACHINES = [
  { library: '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1', setsockopt: 54 },
  { library: '/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1', setsockopt: 208 },
] as const;

/**
 * The settable clock of the agent's machine, moved while the agent runs. libfaketime reads the
 * offset from a file at each call and leaves the monotonic clock alone. fping is a process of its
 * own with an environment of its own, so a small `fping` first in PATH hands it the same clock.
 */
export class AgentClock {
  readonly #file: string;
  readonly env: Readonly<Record<string, string>>;

  constructor(dir: string) {
    this.#file = join(dir, 'agent-clock');
    const machine = MACHINES.find(({ library }) => existsSync(library));
    if (machine === undefined) throw new Error('libfaketime is not where Debian puts it');
    const bin = join(dir, 'bin');
    mkdirSync(bin);
    const faketime = {
      LD_PRELOAD: machine.library,
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      FAKETIME_DONT_RESET: '1',
      NO_FAKE_STAT: '1',
    };
    writeFileSync(join(bin, 'fping'), fpingScript(faketime, machine.setsockopt));
    chmodSync(join(bin, 'fping'), 0o755);
    this.env = { ...faketime, PATH: `${bin}:${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
    this.set(0);
  }

  /** Puts the clock `offset_s` away from the machine's true one, at once. */
  set(offset_s: number): void {
    writeFileSync(this.#file, `${offset_s < 0 ? '-' : '+'}${Math.abs(offset_s)}s\n`);
  }
}

/**
 * fping asks the kernel to stamp what arrives, and the kernel's clock stays true: it would take
 * round trips of an hour. A seccomp filter answers setsockopt(SOL_SOCKET, SO_TIMESTAMPNS) with
 * success and does nothing, so that fping stamps by its own clock, which is the steered one.
 */
function fpingScript(env: Readonly<Record<string, string>>, setsockopt: number): string {
  return `#!/usr/bin/python3 -IS
import ctypes, os, struct, sys
LOAD, JUMP_EQUAL, RETURN, ALLOW, DO_NOTHING = 0x20, 0x15, 0x06, 0x7fff0000, 0x00050000
SYSCALL, LEVEL, OPTION = 0, 24, 32
steps = [
    (LOAD, 0, 0, SYSCALL), (JUMP_EQUAL, 0, 5, ${setsockopt}),
    (LOAD, 0, 0, LEVEL), (JUMP_EQUAL, 0, 3, 1),
    (LOAD, 0, 0, OPTION), (JUMP_EQUAL, 0, 1, 35),
    (RETURN, 0, 0, DO_NOTHING), (RETURN, 0, 0, ALLOW),
]
code = ctypes.create_string_buffer(b''.join(struct.pack('HBBI', *step) for step in steps))
program = struct.pack('HxxxxxxP', len(steps), ctypes.addressof(code))
libc = ctypes.CDLL(None, use_errno=True)
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, MODE_FILTER = 38, 22, 2
if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(
    PR_SET_SECCOMP, MODE_FILTER, ctypes.c_char_p(program), 0, 0
):
    sys.exit('seccomp: errno %d' % ctypes.get_errno())
env = dict(os.environ, **${JSON.stringify(env)})
os.execve('/usr/bin/fping', ['fping'] + sys.argv[1:], env)
`;
}
