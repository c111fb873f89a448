import { at, type Kind } from './kind.ts';

/** Cords, devices and switches. */
export const SILENCES: readonly Kind[] = [
  {
    kind: 'cord-out',
    silent: true,
    for_s: [12, 16],
    sites: [...at('cam', 'cam'), ...at('acc', 'srv')],
    said: 'lan_link',
    why: 'the cord is out: its port on the managed switch loses link as the device falls silent',
  },
  {
    kind: 'device-hangs',
    silent: true,
    for_s: [12, 16],
    sites: [...at('cam', 'cam'), ...at('acc', 'srv')],
    said: 'device',
    why: 'the device says nothing while its watched port keeps link and the LAN answers',
  },
  {
    kind: 'camera-hangs-behind-desk-switch',
    silent: true,
    for_s: [12, 16],
    sites: at('unm', 'cam2', 'cam3'),
    said: 'device',
    why: 'one camera says nothing while its neighbours on the desk switch answer',
  },
  {
    kind: 'flapping',
    silent: true,
    joins: true,
    for_s: [24, 24],
    sites: [...at('cam', 'cam'), ...at('acc', 'srv')],
    said: 'lan_link',
    why: 'a loose plug: four losses of link in 24 s',
  },
  {
    kind: 'switch-without-power',
    silent: true,
    for_s: [13, 17],
    sites: [{ lane: 'acc', target: 'acc', devices: ['acc', 'srv'] }],
    said: 'lan_switch',
    why: 'all behind one switch is silent together, and its uptime began anew',
  },
  {
    kind: 'switch-restarts',
    silent: true,
    for_s: [6, 8],
    sites: [{ lane: 'acc', target: 'acc', devices: ['acc', 'srv'] }],
    said: 'lan_switch',
    why: 'a short restart of the switch: uptime began anew, no sign of power',
  },
  {
    kind: 'power-strip',
    silent: true,
    for_s: [13, 17],
    sites: [{ lane: 'acc', target: 'acc+srv', devices: ['acc', 'srv'] }],
    said: 'power',
    why: 'a switch and the server beside it, both on mains, began anew within two minutes',
  },
  {
    kind: 'desk-switch-dies',
    silent: true,
    for_s: [12, 16],
    sites: [{ lane: 'unm', target: 'unm', devices: ['unm', 'cam2', 'cam3'] }],
    said: 'lan_switch',
    why: 'both witnesses behind the unmanaged switch fall silent while the rest answers',
    accepted: [
      { said: 'lan_link', why: 'its uplink port lost link: a pulled uplink looks the same' },
    ],
  },
  {
    kind: 'desk-switch-uplink-out',
    silent: true,
    for_s: [12, 16],
    sites: [{ lane: 'unm', target: 'unm-cord', devices: ['unm', 'cam2', 'cam3'] }],
    said: 'lan_link',
    why: 'the uplink of the unmanaged switch is out: its port loses link',
    accepted: [{ said: 'lan_switch', why: 'a desk switch without power takes the link away, too' }],
  },
];

/** What people switch off. */
export const SWITCHED_OFF: readonly Kind[] = [
  {
    kind: 'pc-off',
    for_s: [12, 20],
    sites: [...at('acc', 'pc1', 'pc3', 'pc4'), ...at('unm', 'pc5')],
    said: 'off',
    why: 'a PC is switched off; its link goes with it',
    alone: true,
  },
  {
    kind: 'room-off',
    for_s: [14, 20],
    sites: [{ lane: 'acc', target: 'pc1+pc3+pc4', devices: ['pc1', 'pc3', 'pc4'] }],
    said: 'off',
    why: 'a room goes home: nothing always-on of the branch fails with the PCs',
    alone: true,
  },
  {
    kind: 'printer-sleeps',
    for_s: [12, 20],
    sites: at('prn', 'prn'),
    said: 'off',
    why: 'a printer stops answering and keeps its link',
    alone: true,
  },
];
