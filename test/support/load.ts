/** Drives the agents of a load, which run in a process of their own. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { LoadGo, LoadOrder, LoadReport } from '../bench/load-child.ts';
import type { EnrolledAgent } from './prepared-collector.ts';

export interface Load {
  /** Sends and waits until all is answered. */
  go(go: LoadGo): Promise<LoadReport & { kind: 'done' }>;
  close(): Promise<void>;
}

/** Starts the process and waits until its agents have sealed their batches. */
export async function startLoad(
  port: number,
  agents: readonly EnrolledAgent[],
  minutes: number,
): Promise<Load> {
  const child = fork(new URL('../bench/load-child.ts', import.meta.url), {
    serialization: 'advanced',
    // The options of this process (a script on the command line) are not the child's.
    execArgv: [],
  });
  const ask = async (message: LoadOrder | LoadGo): Promise<LoadReport> => {
    const answered = once(child, 'message');
    child.send(message);
    const ended = once(child, 'exit').then(() => {
      throw new Error('the process of the load ended');
    });
    ended.catch(() => undefined);
    const [report] = (await Promise.race([answered, ended])) as [LoadReport];
    return report;
  };
  const known = agents.map(({ identity, pem, list }) => ({
    ...{ enrolment: identity.enrolment, pem, list },
  }));
  await ask({ port, agents: known, minutes });
  return {
    async go(go) {
      const report = await ask(go);
      if (report.kind !== 'done') throw new Error('the load answered something else');
      return report;
    },
    async close() {
      if (child.exitCode !== null) return;
      const gone = once(child, 'exit');
      child.disconnect();
      await gone;
    },
  };
}
