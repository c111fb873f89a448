// Loaded before each test file: what one of them has stripped of types and compiled, the others
// need not. Not by the environment, which the programs that tests start would inherit: those keep
// their own code, apart by their flags.
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/tests', import.meta.url)));
