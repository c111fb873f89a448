/** The part of the `ping` package that is used; it ships no types of its own. */
declare module 'ping' {
  interface PingAnswer {
    readonly alive: boolean;
    /** Round-trip time in ms, the word "unknown" without a reply. */
    readonly time: number | 'unknown';
    /** Everything that the ping command printed. */
    readonly output: string;
  }
  interface PingOptions {
    readonly numeric?: boolean;
    /** Seconds to wait for a reply. */
    readonly timeout?: number;
    readonly min_reply?: number;
    readonly v6?: boolean;
  }
  const ping: {
    readonly promise: {
      probe(address: string, options: PingOptions): Promise<PingAnswer>;
    };
  };
  export = ping;
}
