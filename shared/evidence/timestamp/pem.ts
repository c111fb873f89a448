import { fromBase64 } from '../../bytes.ts';
import { LanProofError } from '../../errors.ts';
import { readCertificate } from './token.ts';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g;

/** DER of the certificates in a PEM text. Throws LanProofError CERTIFICATE_FORMAT if none is. */
export function certificatesFromPem(text: string): Uint8Array[] {
  try {
    const found = [...text.matchAll(CERTIFICATE)].map(([, body = '']) =>
      fromBase64(body.replace(/\s/g, '')),
    );
    if (found.length === 0) throw new TypeError('no certificate');
    // Read once: what cannot be read must not look like trust in something.
    for (const der of found) readCertificate(der);
    return found;
  } catch (cause) {
    throw new LanProofError('CERTIFICATE_FORMAT', 'there is no readable certificate in it', {
      hint: 'give a PEM file that begins with -----BEGIN CERTIFICATE-----',
      cause,
    });
  }
}
