import { randomBytes } from 'node:crypto';
import { describeError, LanProofError } from '../../shared/errors.ts';
import { createNodeCrypto } from '../../shared/node/crypto.ts';
import { stopSignal } from '../cli/stop-signal.ts';
import { softwareVersion } from '../cli/version.ts';
import { type Demo, startDemo } from './demo.ts';
import { DEMO_USAGE, readDemoOptions } from './options.ts';
import { tellStory } from './story/told.ts';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
/** The script is told so far ahead, ms: every fault comes once within it. */
const TOLD_MS = 30 * 60_000;

/** Runs the demo until Ctrl-C; returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    console.log(DEMO_USAGE);
    return 0;
  }
  const stop = stopSignal();
  let demo: Demo | undefined;
  try {
    const options = readDemoOptions(args, process.cwd());
    demo = await startDemo(options, {
      software: `lanproof ${softwareVersion()}`,
      crypto: createNodeCrypto(),
      now_ms: () => Date.now(),
      mono_ms: () => performance.now(),
      random: (bytes) => new Uint8Array(randomBytes(bytes)),
      terminal: {
        write: (text) => process.stdout.write(text),
        live: process.stdout.isTTY === true,
      },
    });
    console.log(welcome(demo, options.data_dir));
    const ended = new Promise<void>((done) => {
      stop.signal.addEventListener('abort', () => done(), { once: true });
    });
    await Promise.race([ended, demo.ready]);
    if (!stop.signal.aborted) {
      console.log('Live: both agents measure; faults come by a script. Ctrl-C stops the demo.\n');
      console.log(tellStory(demo.story, demo.sites, Date.now(), TOLD_MS, timeOfDay));
    }
    await ended;
    return 0;
  } catch (error) {
    console.error(describeError(error));
    if (!(error instanceof LanProofError) && error instanceof Error) console.error(error.stack);
    return error instanceof LanProofError && error.code === 'USAGE' ? EXIT_USAGE : EXIT_FAILED;
  } finally {
    if (demo !== undefined) console.log('\nStopping …');
    await demo?.stop();
    stop.release();
  }
}

/** As the clock on the wall beside the terminal. */
function timeOfDay(at_ms: number): string {
  return new Date(at_ms).toLocaleTimeString('en-GB');
}

function welcome({ access, sign_in }: Demo, data_dir: string): string {
  return `
  LanProof DEMO · nothing here is evidence · không có giá trị chứng cứ

  Dashboard / Trang theo dõi:  ${access.url}
  Sign in once / Đăng nhập:    ${sign_in}
  Later, with this token:      ${access.admin_token}
  For scripts:                 ${data_dir}/access.json
`;
}

process.exitCode = await main(process.argv.slice(2));
