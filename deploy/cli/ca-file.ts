import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { LanProofError } from '../../shared/errors.ts';

/**
 * The PEM certificates of the file that --ca names. Throws LanProofError CA_UNREADABLE, or
 * CA_INVALID: OpenSSL would pass over what is no certificate and then trust nobody.
 */
export function readCaFile(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    throw new LanProofError('CA_UNREADABLE', `the file of --ca cannot be read (${code})`, {
      hint: "check the path and the rights; it is a copy of the collector's tls.crt",
      place: path,
      cause,
    });
  }
  try {
    new X509Certificate(text.slice(Math.max(0, text.indexOf('-----BEGIN CERT'))));
  } catch (cause) {
    throw new LanProofError('CA_INVALID', 'the file of --ca holds no certificate', {
      hint: 'give a PEM file that begins with -----BEGIN CERTIFICATE-----, e.g. tls.crt',
      place: path,
      cause,
    });
  }
  return text;
}
