import { isIP, type Socket } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import type { HttpOutcome } from '../../shared/measure/codes.ts';
import { faultCode, type Trace } from './check.ts';

export type Secured =
  | { readonly ok: true; readonly socket: TLSSocket }
  | { readonly ok: false; readonly outcome: HttpOutcome };

/** Outside its validity period, before or after (RFC 5280 §4.1.2.5). */
const EXPIRED: ReadonlySet<string> = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID']);
const NAME: ReadonlySet<string> = new Set(['ERR_TLS_CERT_ALTNAME_INVALID', 'HOSTNAME_MISMATCH']);
/** The chain does not end at an authority that is trusted here (OpenSSL's words). */
const UNTRUSTED: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_CHAIN_TOO_LONG',
  'CERT_REVOKED',
  'CERT_REJECTED',
  'CERT_UNTRUSTED',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH_EXCEEDED',
]);

/**
 * TLS over an open connection, the certificate held against `host` (by name with SNI; an address
 * has no SNI, RFC 6066 §3). Never rejects.
 */
export function openTls(
  socket: Socket,
  host: string,
  ca: string | undefined,
  deadline: AbortSignal,
  trace: Trace | undefined,
): Promise<Secured> {
  if (deadline.aborted) return Promise.resolve({ ok: false, outcome: 'timeout' });
  return new Promise((resolve) => {
    const secure = connect({
      socket,
      host,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ALPNProtocols: ['http/1.1'],
      ...(ca === undefined ? {} : { ca }),
    });
    const end = (secured: Secured): void => {
      deadline.removeEventListener('abort', expire);
      secure.removeListener('secureConnect', accept);
      secure.on('error', () => undefined);
      if (!secured.ok) secure.destroy();
      resolve(secured);
    };
    const accept = (): void => end({ ok: true, socket: secure });
    const expire = (): void => {
      trace?.('TLS was not finished in time.');
      end({ ok: false, outcome: 'timeout' });
    };
    deadline.addEventListener('abort', expire, { once: true });
    secure.once('secureConnect', accept);
    secure.once('error', (error) => {
      const outcome = outcomeOf(faultCode(error));
      trace?.(`TLS failed: ${faultCode(error) || error.message}.`);
      end({ ok: false, outcome });
    });
  });
}

function outcomeOf(code: string): HttpOutcome {
  if (EXPIRED.has(code)) return 'tls_expired';
  if (NAME.has(code)) return 'tls_name';
  return UNTRUSTED.has(code) ? 'tls_untrusted' : 'tls_failed';
}
