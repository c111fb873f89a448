import { join } from 'node:path';

/** Runs one bench in a process of its own and prints its result as the line that begins with @. */
const file = join(import.meta.dirname, '../..', process.argv[2] ?? '');
const { bench } = (await import(file)) as { bench: () => Promise<object> };
process.stdout.write(`\n@${JSON.stringify(await bench())}\n`, () => process.exit(0));
