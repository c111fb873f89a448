/**
 * The part of net-snmp 3.29 that the agent uses. The package ships no types and those published
 * elsewhere lag behind; a narrow declaration also keeps its risky helpers (walk, subtree, table:
 * they never end on agents that repeat an OID) out of reach.
 */
declare module 'net-snmp' {
  export interface Varbind {
    readonly oid: string;
    /** ASN.1 tag, a value of ObjectType. */
    readonly type: number;
    /** number for 32-bit types, Buffer for OCTET STRING and Counter64, null for "no such". */
    readonly value: unknown;
  }

  /** The socket surface that a session calls; given by `dgramModule`. */
  export interface SessionSocket {
    on(event: 'message' | 'close' | 'error', listener: (message: Buffer) => void): unknown;
    send(
      buffer: Buffer,
      offset: number,
      length: number,
      port: number,
      address: string,
      callback: (error: Error | null) => void,
    ): void;
    ref(): void;
    unref(): void;
    close(): void;
  }

  export interface SessionOptions {
    version?: number;
    port: number;
    /** 0: net-snmp's own retries hide loss, so we count ours. */
    retries: 0;
    /** ms for one datagram's answer. */
    timeout: number;
    transport: 'udp4' | 'udp6';
    backwardsGetNexts: true;
    context?: string;
    dgramModule: { createSocket(type: 'udp4' | 'udp6'): SessionSocket };
  }

  export interface User {
    name: string;
    level: number;
    authProtocol?: number;
    authKey?: string;
    privProtocol?: number;
    privKey?: string;
  }

  export interface Session {
    on(event: 'error' | 'close', listener: (error: unknown) => void): this;
    get(oids: string[], done: (error: unknown, varbinds?: Varbind[]) => void): this;
    getNext(oids: string[], done: (error: unknown, varbinds?: Varbind[]) => void): this;
    getBulk(
      oids: string[],
      nonRepeaters: number,
      maxRepetitions: number,
      done: (error: unknown, columns?: Varbind[][]) => void,
    ): this;
    close(): this;
  }

  export const Version1: number;
  export const Version2c: number;
  export const SecurityLevel: {
    readonly noAuthNoPriv: number;
    readonly authNoPriv: number;
    readonly authPriv: number;
  };
  export const AuthProtocols: Readonly<Record<string, number>>;
  export const PrivProtocols: Readonly<Record<string, number>>;
  export const ResponseInvalidCode: Readonly<Record<string, number>>;
  export const RequestTimedOutError: new (message: string) => Error;
  export const RequestFailedError: new (
    message: string,
    status: number,
  ) => Error & {
    readonly status: number;
  };
  export const ResponseInvalidError: new (
    message: string,
    code: number,
  ) => Error & {
    readonly code: number;
  };
  export function createSession(
    target: string,
    community: string,
    options: SessionOptions,
  ): Session;
  export function createV3Session(target: string, user: User, options: SessionOptions): Session;
}
