import { at, type Kind } from './kind.ts';
import { SILENCES, SWITCHED_OFF } from './kinds-inside.ts';
import type { Accepted } from './labels.ts';

const UNTOLD: Accepted = {
  said: 'undetermined',
  why: 'no fact says that the cord is bad, and loss alone has no cause of its own',
};
const OUTSIDE_NAMES: readonly string[] = ['ref-a', 'ref-b', 'ref-c', 'app-1', 'dns-1'];
const ALL: readonly string[] = ['gw', 'core', 'acc', 'srv', 'cam', 'cam2', 'cam3'];

/** Without an outage, or beside one. */
const SIGNS: readonly Kind[] = [
  {
    kind: 'loss-25',
    silent: true,
    joins: true,
    for_s: [48, 54],
    sites: [...at('cam', 'cam'), ...at('acc', 'srv'), ...at('unm', 'cam2')],
    said: 'undetermined',
    why: 'a quarter of the frames is lost each way and no counter says where: degraded',
    accepted: [
      { said: 'lan_link', why: 'it is the cord; large echoes lost with the small ones may say so' },
    ],
  },
  {
    kind: 'crc-growth',
    for_s: [22, 26],
    sites: at('prn', 'prn'),
    said: 'finding/error_growth',
    why: 'damaged frames are counted, nothing is lost that is measured',
    counted: true,
  },
  {
    kind: 'crc-with-loss',
    silent: true,
    joins: true,
    for_s: [48, 54],
    sites: [...at('cam', 'cam'), ...at('acc', 'srv')],
    said: 'lan_link',
    why: 'damaged frames are counted at the port of a cord that loses',
    counted: true,
    accepted: [
      UNTOLD,
      { said: 'finding/error_growth', why: 'where the loss stays below what is degraded' },
    ],
  },
  {
    kind: 'large-echoes-lost',
    for_s: [42, 48],
    sites: at('unm', 'cam3'),
    said: 'finding/large_echo_loss',
    why: 'long frames are lost, short ones and neighbours are fine, nothing is down',
    accepted: [{ said: 'lan_link', why: 'where it makes an incident, this is its cause' }],
  },
  {
    kind: 'half-duplex',
    for_s: [18, 22],
    sites: at('prn', 'prn'),
    said: 'finding/half_duplex',
    why: 'a port falls to half duplex, nothing is down',
    accepted: [
      { said: 'finding/duplex_mismatch', why: 'with late collisions it is a mismatch' },
      { said: 'finding/late_collisions', why: 'the collisions of the same mismatch' },
    ],
  },
  {
    kind: 'speed-falls',
    for_s: [18, 22],
    sites: [...at('prn', 'prn'), ...at('cam', 'cam')],
    said: 'finding/speed_fall',
    why: 'a port falls from 1 Gb/s to 100 Mb/s while its device answers',
  },
  {
    kind: 'snmp-hangs',
    for_s: [72, 76],
    sites: at('acc', 'acc'),
    said: 'finding/snmp_silent',
    why: 'SNMP is silent while the switch answers echoes and forwards',
  },
  {
    kind: 'snmp-agent-restarts',
    for_s: [2, 2],
    sites: at('acc', 'srv'),
    said: 'none',
    why: 'only the SNMP process began anew: the host runs on, nothing was lost',
  },
  {
    kind: 'counters-wrap',
    for_s: [2, 2],
    sites: at('acc', 'srv'),
    said: 'none',
    why: '32-bit octets and the uptime pass 2^32: no restart, nothing was lost',
    // They are set near 2^32 just before the plan, which is a leap of its own.
    rank: 1,
  },
  {
    kind: 'address-twice',
    for_s: [16, 20],
    sites: at('cam', 'cam'),
    said: 'finding/duplicate_address',
    why: 'two machines answer for the address of the camera',
    accepted: [
      { said: 'lan_addressing', why: 'where the camera is not reached, this is the cause' },
      { said: 'finding/mac_conflict', why: 'only the stranger was met' },
    ],
  },
];

/** Beyond the LAN. */
const OUTSIDE: readonly Kind[] = [
  {
    kind: 'gateway-hangs',
    silent: true,
    for_s: [12, 16],
    sites: [{ lane: 'north', target: 'gw', devices: ['gw', ...OUTSIDE_NAMES] }],
    said: 'gateway',
    why: 'the gateway says nothing, its port keeps link, the LAN answers',
    rank: 2,
  },
  {
    kind: 'wan-cut',
    silent: true,
    for_s: [14, 18],
    sites: [{ lane: 'north', target: 'wan', devices: OUTSIDE_NAMES }],
    said: 'wan',
    why: 'the gateway answers and the references of both operators fail',
    rank: 1,
  },
  {
    kind: 'dns-host-dies',
    silent: true,
    for_s: [16, 20],
    sites: at('north', 'dns-1'),
    said: 'dns',
    why: 'the name server is gone, names fail, references answer',
  },
  {
    kind: 'names-fail',
    for_s: [20, 24],
    sites: at('north', 'dns-1'),
    said: 'finding/dns_fail',
    why: 'the host of the name server answers, names fail: nothing is down',
    accepted: [{ said: 'dns', why: 'where it makes an incident, this is its cause' }],
  },
  {
    kind: 'application-fails',
    silent: true,
    for_s: [14, 18],
    sites: at('north', 'app-1'),
    said: 'upstream_app',
    why: 'one application is gone while references answer',
  },
  {
    kind: 'one-reference-fails',
    silent: true,
    for_s: [12, 16],
    sites: at('north', 'ref-c'),
    said: 'upstream_app',
    why: 'one target of one operator is gone, the other operators answer: no WAN outage',
  },
];

/** Of the whole office: nothing else happens meanwhile. */
const WHOLE: readonly Kind[] = [
  {
    kind: 'site-without-power',
    for_s: [14, 18],
    sites: [{ lane: 'whole', target: 'site', devices: ALL }],
    said: 'unknown/power',
    why: 'all goes dark, agent too: it comes back with a new boot id, and uptimes began anew',
  },
  {
    kind: 'agent-killed',
    for_s: [8, 12],
    sites: [{ lane: 'whole', target: 'agent', devices: ALL }],
    said: 'unknown/agent',
    why: 'the agent ended without a word; the boot id stayed',
  },
  {
    kind: 'agent-cord-out',
    for_s: [12, 16],
    sites: [{ lane: 'whole', target: 'agent', devices: ALL }],
    said: 'unknown/lan_link',
    why: "the agent's own cord is out; ifLastChange of its port says so afterwards",
    accepted: [{ said: 'unknown/agent', why: "the agent's own link was down: a fact as well" }],
  },
  {
    kind: 'core-without-power',
    for_s: [12, 16],
    sites: [{ lane: 'whole', target: 'core', devices: ALL }],
    said: 'unknown/lan_switch',
    why: 'the switch that the agent hangs on began anew meanwhile',
    accepted: [{ said: 'unknown/agent', why: "the agent's own link was down: a fact as well" }],
  },
  {
    kind: 'agent-disk-full',
    for_s: [18, 22],
    sites: [{ lane: 'whole', target: 'agent', devices: ALL }],
    said: 'none',
    why: 'measuring goes on in memory and is written later: nothing is lost',
    accepted: [{ said: 'unknown/agent', why: 'where something was dropped' }],
  },
];

export const LOCAL_KINDS: readonly Kind[] = [...SILENCES, ...SWITCHED_OFF, ...SIGNS, ...OUTSIDE];
export const WHOLE_KINDS: readonly Kind[] = WHOLE;
