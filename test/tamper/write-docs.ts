/** `node test/tamper/write-docs.ts`: writes docs/tamperings.md from the table. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { page } from './page.ts';
import { TAMPERINGS } from './tamperings.ts';

writeFileSync(join(import.meta.dirname, '../../docs/tamperings.md'), page(TAMPERINGS));
