/** Entry of verify.mjs: `node verify.mjs FILE [options]`, the same as `lanproof verify`. */
import { verifyCommand } from '../verify.ts';

/** The oldest Node that has everything that the bundled program uses. */
const NODE_MIN = 20;
const HELP: ReadonlySet<string> = new Set(['--help', '-h']);

const out = (line: string): boolean => process.stdout.write(`${line}\n`);
const err = (line: string): boolean => process.stderr.write(`${line}\n`);
const args = process.argv.slice(2);
const major = Number(process.versions.node.split('.')[0]);

if (major < NODE_MIN) {
  err(`verify.mjs needs Node ${NODE_MIN} or newer, this is ${process.version}: https://nodejs.org`);
  process.exitCode = 2;
} else if (args.some((word) => HELP.has(word))) {
  out(verifyCommand.usage.replaceAll('lanproof verify', 'node verify.mjs'));
} else {
  process.exitCode = await verifyCommand.run(args, { out, err, env: process.env });
}
