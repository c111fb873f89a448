import { classify, parseAddress } from '../../../shared/measure/address.ts';

/** RFC 2544's range for tests: no office uses it, so a masked address is seen to be one. */
const MASK_NETWORK = [198, 18] as const;
/** Below this first octet, four numbers are more often a version than a public address. */
const FIRST_OCTET_MIN = 14;
/** Shorter words stand in too many texts by chance. */
const KNOWN_CHARS_MIN = 4;
const IPV4 = /(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])/g;
const IPV6 = /(?<![0-9a-f:.])(?=[0-9a-f]*:[0-9a-f]*:)[0-9a-f:]{3,39}(?![0-9a-f:.])/gi;
const MAC = /(?<![0-9a-f])[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}(?![0-9a-f])/gi;
const MAC_DOTS = /(?<![0-9a-f])[0-9a-f]{4}(?:\.[0-9a-f]{4}){2}(?![0-9a-f])/gi;
const SERIAL =
  /\b(S\/?N|SERVICE ?TAG|SERIAL(?: ?(?:NO|NUMBER|NUM))?\.?)(\s*[:=#]?\s*)([A-Z0-9-]{5,})/gi;
/** What means something in a regular expression (ECMA-262, SyntaxCharacter). */
const SYNTAX = /[\^$\\.*+?()[\]{}|/]/g;
/** `uname -a` in sysDescr begins with the system and the host's name. */
const UNAME = /^(Linux|FreeBSD|OpenBSD|NetBSD|Darwin|SunOS) (\S+) /;

/**
 * Stand-ins by the order of first use: the same input has the same one in the whole file, and
 * nothing of the input can be found back from it (a hash of a MAC could be searched).
 */
export class Masks {
  readonly #macs = new Map<string, string>();
  readonly #addresses = new Map<string, string>();
  readonly #names = new Map<string, string>();
  #pattern: RegExp | undefined;

  /** Six bytes as hex. Groups (broadcast, bridge protocols) and zeros are nobody's address. */
  mac(hex: string): string {
    const group = (Number.parseInt(hex.slice(0, 2), 16) & 1) === 1;
    if (group || hex === '000000000000') return hex;
    return once(this.#macs, hex, (n) => `02${n.toString(16).padStart(10, '0')}`);
  }

  /** Loopback, netmasks, broadcast, groups and 0.x stay: they are nobody's address. */
  address(text: string): string {
    const parsed = parseAddress(text);
    if (parsed === undefined) return text;
    const kind = classify(parsed);
    if (kind !== 'private' && kind !== 'public') return text;
    if (parsed.version === 6) {
      return once(this.#addresses, text, (n) => `2001:db8::${n.toString(16)}`);
    }
    // Netmasks are no addresses, and they say how the device is set up.
    if (/^(255|254|252|248|240)\./.test(text)) return text;
    return once(this.#addresses, text, (n) => [...MASK_NETWORK, n >> 8, n & 255].join('.'));
  }

  /** A text that names somebody or something: all of it is replaced. */
  name(text: string, kind: 'name' | 'serial' = 'name'): string {
    const plain = text.trim();
    if (plain === '') return text;
    if (!this.#names.has(plain)) this.#pattern = undefined;
    return once(this.#names, plain, (n) => `${kind}-${n}`);
  }

  knowsMac(hex: string): boolean {
    return this.#macs.has(hex);
  }

  knowsAddress(text: string): boolean {
    return this.#addresses.has(text);
  }

  /** A text that is kept, without the names, serials and addresses in it. */
  scrub(text: string): string {
    const uname = UNAME.exec(text);
    if (uname?.[2] !== undefined) this.name(uname[2]);
    // Serials first: a stand-in must not be taken for one.
    const unnumbered = text.replace(
      SERIAL,
      (_, label: string, gap: string, serial: string) =>
        `${label}${gap}${this.name(serial, 'serial')}`,
    );
    const known = this.#known();
    const named =
      known === undefined ? unnumbered : unnumbered.replace(known, (name) => this.name(name));
    return named
      .replace(MAC, (mac) => this.#macText(mac))
      .replace(MAC_DOTS, (mac) => this.#macText(mac))
      .replace(IPV6, (address) => this.address(address.toLowerCase()))
      .replace(IPV4, (address) => this.#addressInText(address));
  }

  #macText(text: string): string {
    const hex = this.mac(text.toLowerCase().replace(/[^0-9a-f]/g, ''));
    return hex.match(/../g)?.join(':') ?? hex;
  }

  #addressInText(text: string): string {
    const parsed = parseAddress(text);
    if (parsed === undefined) return text;
    const far = Number(text.split('.')[0]) >= FIRST_OCTET_MIN;
    const meant = this.knowsAddress(text) || classify(parsed) === 'private' || far;
    return meant ? this.address(text) : text;
  }

  /** Longest first, so that a name inside another does not break it. */
  #known(): RegExp | undefined {
    const words = [...this.#names.keys()].filter((name) => name.length >= KNOWN_CHARS_MIN);
    if (words.length === 0) return undefined;
    if (this.#pattern === undefined) {
      const escaped = words
        .sort((a, b) => b.length - a.length)
        .map((word) => word.replace(SYNTAX, '\\$&'));
      this.#pattern = new RegExp(
        `(?<![\\p{L}\\p{N}])(?:${escaped.join('|')})(?![\\p{L}\\p{N}])`,
        'gu',
      );
    }
    return this.#pattern;
  }
}

function once(known: Map<string, string>, key: string, make: (n: number) => string): string {
  const before = known.get(key);
  if (before !== undefined) return before;
  const made = make(known.size + 1);
  known.set(key, made);
  return made;
}
