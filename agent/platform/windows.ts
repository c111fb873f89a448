import { LanProofError } from '../../shared/errors.ts';
import type { Platform } from './platform.ts';

/**
 * The seam for Windows.
 * @throws LanProofError PLATFORM_UNSUPPORTED, always, until it is built.
 */
export function createWindowsPlatform(): Platform {
  throw new LanProofError('PLATFORM_UNSUPPORTED', 'the agent does not run on Windows yet', {
    hint: 'run the agent on a Linux machine of this LAN (a small box or a virtual machine)',
  });
}
