import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Session, SessionOptions, User } from 'net-snmp';
import {
  AuthProtocols,
  createSession,
  createV3Session,
  PrivProtocols,
  SecurityLevel,
  Version1,
  Version2c,
} from 'net-snmp';
import type { SnmpTarget } from './target.ts';
import type { Wire } from './wire.ts';

function userOf(target: SnmpTarget & { version: '3' }): User {
  const user: User = { name: target.user, level: SecurityLevel[target.level] };
  if (target.level === 'noAuthNoPriv') return user;
  user.authProtocol = AuthProtocols[target.auth] ?? 0;
  user.authKey = target.auth_key;
  if (target.level === 'authNoPriv') return user;
  user.privProtocol = PrivProtocols[target.priv] ?? 0;
  user.privKey = target.priv_key;
  return user;
}

/** Addresses are IP addresses already (openSession), so the resolver is left out. */
export function udpSocket(type: 'udp4' | 'udp6'): Socket {
  const family = type === 'udp6' ? 6 : 4;
  return createSocket({ type, lookup: (host, _options, done) => done(null, host, family) });
}

/**
 * A session of net-snmp on our wire, without retries of its own. It opens its socket at once; the
 * holder must close it.
 */
export function openLibrary(target: SnmpTarget, timeout_ms: number, wire: Wire): Session {
  const options: SessionOptions = {
    port: target.port,
    retries: 0,
    timeout: timeout_ms,
    transport: isIPv6(target.address) ? 'udp6' : 'udp4',
    // walk.ts checks the order itself; net-snmp's check lets a repeated OID pass.
    backwardsGetNexts: true,
    dgramModule: wire,
  };
  const lib =
    target.version === '3'
      ? createV3Session(target.address, userOf(target), {
          ...options,
          context: target.context ?? '',
        })
      : createSession(target.address, target.community, {
          ...options,
          version: target.version === '1' ? Version1 : Version2c,
        });
  // A malformed datagram raises `error`; without a listener it would end the process.
  lib.on('error', () => {
    wire.counts.garbage++;
  });
  return lib;
}
