/** All tamperings: the table of docs/tamperings.md. */
import type { Tampering } from './tampering.ts';
import { ALL_TAMPERINGS } from './tamperings-all.ts';
import { CONTAINER_TAMPERINGS } from './tamperings-container.ts';
import { DOCUMENT_TAMPERINGS } from './tamperings-document.ts';
import { LOG_TAMPERINGS } from './tamperings-log.ts';
import { LOST_TAMPERINGS } from './tamperings-lost.ts';

export const TAMPERINGS: readonly Tampering[] = [
  ...CONTAINER_TAMPERINGS,
  ...DOCUMENT_TAMPERINGS,
  ...LOG_TAMPERINGS,
  ...LOST_TAMPERINGS,
  ...ALL_TAMPERINGS,
];
