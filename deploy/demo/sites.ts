import type { DeviceKind } from '../../shared/measure/codes.ts';

/** The two offices of the demo. Everything lies on loopback: 127.10.1.x and 127.10.2.x. */

export interface DemoDevice {
  readonly code: string;
  readonly name: string;
  readonly kind: DeviceKind;
  /** Null: nothing can be addressed (an unmanaged switch). */
  readonly address: string | null;
  /** `port` is an ifIndex as text: causes are judged by it. */
  readonly attached: { readonly device: string; readonly port?: string } | null;
  /** Ports of the simulated SNMP switch; absent where there is no SNMP. */
  readonly snmp_ports?: number;
  readonly witnesses?: readonly string[];
  /** Drops echo but answers ARP, as Windows does by default. */
  readonly drops_echo?: boolean;
  /** The network stays up when people leave. */
  readonly always_on: boolean;
  readonly services?: DemoServices;
  /** Known by it wherever it is; its address is then a hint. */
  readonly mac?: string;
  /** Where its DHCP lease leads it now and then. */
  readonly lease?: string;
}

/** What is asked of a device besides echoes; its answers are real ones on loopback. */
export interface DemoServices {
  /** A port that is not open refuses, which is an answer, too. */
  readonly tcp?: readonly { readonly port: number; readonly open: boolean }[];
  /** Names that its name server knows. */
  readonly dns?: readonly string[];
  readonly http?: readonly { readonly port: number; readonly path: string }[];
}

export interface DemoSite {
  readonly unit: { readonly code: string; readonly name: string };
  readonly code: string;
  readonly name: string;
  readonly agent: string;
  readonly agent_attached: { readonly device: string; readonly port: string };
  /** A small UPS feeds the agent alone, and tells it when the mains are away. */
  readonly agent_has_ups: boolean;
  readonly devices: readonly DemoDevice[];
}

export const SNMP_PORT = 16_161;
export const SNMP_SECRET = 'demo-community';
/** Where scripted answers come from; see agent/probe/udp-echo.ts. */
export const ECHO_PORT = 7_007;
/** Fixed ports that nobody needs a right for; each device has an address of its own. */
const TLS_PORT = 18_443;
const WEB_PORT = 18_080;
const VIDEO_PORT = 18_554;
const CLOSED_PORT = 18_022;
/** RFC 2606: a name that nobody can own. */
const PORTAL_NAME = 'dich-vu-cong.example';

type Attached = DemoDevice['attached'];
const on = (device: string, port?: string): Attached =>
  port === undefined ? { device } : { device, port };

function device(
  code: string,
  name: string,
  kind: DeviceKind,
  address: string | null,
  attached: Attached,
  more: Partial<DemoDevice> = {},
): DemoDevice {
  const always_on = !['pc', 'printer', 'kiosk'].includes(kind);
  return { code, name, kind, address, attached, always_on, ...more };
}

interface Row {
  readonly prefix: string;
  readonly count: number;
  readonly net: string;
  readonly first: number;
  readonly parent: string;
  /** ifIndex of the first one's port. */
  readonly port: number;
}

/** One computer after the other, in address and in port. */
function computers({ prefix, count, net, first, parent, port }: Row) {
  return Array.from({ length: count }, (_, i) =>
    device(
      `pc-${prefix}-${i + 1}`,
      `Máy tính ${prefix === 'mc' ? 'Một cửa' : 'Văn phòng'} ${i + 1}`,
      'pc',
      `${net}.${first + i}`,
      on(parent, String(port + i)),
    ),
  );
}

/** The one-stop counter's and the office's; each port holds one device only. */
const MC = { prefix: 'mc', first: 101, port: 9 } as const;
const VP = { prefix: 'vp', first: 111, port: 3 } as const;

/** The PC of who is on duty: always on, and its DHCP lease changes. */
function roaming(pc: DemoDevice): DemoDevice {
  const lease = pc.address?.replace(/\d+$/, '161') ?? '';
  return { ...pc, always_on: true, mac: '00:23:24:5e:02:6f', lease };
}

const dongPhu: DemoSite = {
  unit: { code: 'xa-dong-phu', name: 'UBND xã Đồng Phú' },
  code: 'dongphu-hq',
  name: 'Trụ sở UBND xã Đồng Phú',
  agent: 'do-1',
  agent_attached: { device: 'sw-core', port: '8' },
  agent_has_ups: true,
  devices: [
    device('gw', 'Bộ định tuyến', 'gateway', '127.10.1.1', null, {
      services: { dns: [PORTAL_NAME] },
    }),
    device('sw-core', 'Switch lõi tầng 1', 'switch', '127.10.1.2', on('gw', '1'), {
      snmp_ports: 24,
    }),
    device('sw-tang2', 'Switch tầng 2', 'switch', '127.10.1.3', on('sw-core', '2'), {
      snmp_ports: 16,
    }),
    device('may-chu', 'Máy chủ văn bản', 'server', '127.10.1.5', on('sw-core', '3'), {
      services: {
        tcp: [
          { port: TLS_PORT, open: true },
          { port: CLOSED_PORT, open: false },
        ],
        http: [{ port: WEB_PORT, path: '/trang-thai' }],
      },
    }),
    device('ap-1', 'Wi-Fi tầng 1', 'access-point', '127.10.1.10', on('sw-core', '4')),
    device('ap-2', 'Wi-Fi tầng 2', 'access-point', '127.10.1.11', on('sw-tang2', '2')),
    device('may-in-1', 'Máy in Một cửa', 'printer', '127.10.1.20', on('sw-core', '5')),
    device('may-in-2', 'Máy in tầng 2', 'printer', '127.10.1.21', on('sw-tang2', '14')),
    device('camera-1', 'Camera cổng', 'camera', '127.10.1.30', on('sw-core', '6')),
    device('kiosk-1', 'Ki-ốt tra cứu', 'kiosk', '127.10.1.40', on('sw-core', '7')),
    ...computers({ ...MC, count: 4, net: '127.10.1', parent: 'sw-core' }),
    ...computers({ ...VP, count: 6, net: '127.10.1', parent: 'sw-tang2' }),
  ],
};

const tanLap: DemoSite = {
  unit: { code: 'xa-tan-lap', name: 'UBND xã Tân Lập' },
  code: 'tanlap-hq',
  name: 'Trụ sở UBND xã Tân Lập',
  agent: 'do-1',
  agent_attached: { device: 'sw-1', port: '5' },
  agent_has_ups: false,
  devices: [
    device('gw', 'Modem quang', 'gateway', '127.10.2.1', null, {
      services: { dns: [PORTAL_NAME] },
    }),
    device('sw-1', 'Switch tầng 1', 'unmanaged-switch', null, on('gw'), {
      witnesses: ['camera-1', 'camera-2'],
    }),
    device('sw-2', 'Switch nhà B', 'unmanaged-switch', null, on('sw-1'), {
      witnesses: ['camera-3', 'dau-ghi'],
    }),
    device('camera-1', 'Camera sân', 'camera', '127.10.2.31', on('sw-1')),
    device('camera-2', 'Camera sảnh', 'camera', '127.10.2.32', on('sw-1')),
    device('camera-3', 'Camera nhà B', 'camera', '127.10.2.33', on('sw-2')),
    device('dau-ghi', 'Đầu ghi camera', 'recorder', '127.10.2.34', on('sw-2'), {
      services: { tcp: [{ port: VIDEO_PORT, open: true }] },
    }),
    device('may-in-1', 'Máy in Một cửa', 'printer', '127.10.2.20', on('sw-1')),
    device('may-in-2', 'Máy in nhà B', 'printer', '127.10.2.21', on('sw-2')),
    ...computers({ ...MC, count: 3, net: '127.10.2', parent: 'sw-1' }).map((pc) => ({
      ...pc,
      drops_echo: true,
    })),
    ...computers({ ...VP, count: 3, net: '127.10.2', parent: 'sw-2' }).map((pc, i) =>
      i === 0 ? roaming(pc) : pc,
    ),
    device('pc-ngu', 'Máy tính hay ngủ', 'pc', '127.10.2.120', on('sw-2')),
    device('cong-dvc', 'Cổng dịch vụ công (mô phỏng)', 'upstream', '127.10.3.1', on('gw'), {
      services: { http: [{ port: WEB_PORT, path: '/' }] },
    }),
    // Two of different operators prove together that the WAN is away, and not one service.
    device('moc-1', 'Mốc Internet (mô phỏng)', 'upstream', '127.10.3.2', on('gw')),
  ],
};

/** Second octet of all addresses, unless another demo on this machine has it. */
export const NET_DEFAULT = 10;
export const DEMO_SITES: readonly DemoSite[] = [dongPhu, tanLap];

/** The offices with their devices in 127.`net`.0.0/16. */
export function sitesIn(net: number): readonly DemoSite[] {
  const moved = (address: string | null) =>
    address === null ? null : address.replace(`127.${NET_DEFAULT}.`, `127.${net}.`);
  return DEMO_SITES.map((site) => ({
    ...site,
    devices: site.devices.map((item) => ({
      ...item,
      address: moved(item.address),
      ...(item.lease === undefined ? {} : { lease: moved(item.lease) ?? '' }),
    })),
  }));
}

/** The site as an inventory file (JSON is YAML). */
export function inventoryOf(site: DemoSite): string {
  return JSON.stringify(
    {
      unit: site.unit,
      site: { code: site.code, name: site.name },
      agents: [{ code: site.agent, attached: site.agent_attached }],
      devices: site.devices.map((item) => ({
        code: item.code,
        name: item.name,
        kind: item.kind,
        ...(item.address === null ? {} : { address: item.address }),
        ...(item.mac === undefined ? {} : { mac: item.mac }),
        ...(item.attached === null ? {} : { attached: item.attached }),
        powered_by: item.kind === 'upstream' ? 'unknown' : 'mains',
        ...(item.witnesses === undefined ? {} : { witnesses: item.witnesses }),
        ...probesOf(item),
      })),
    },
    null,
    2,
  );
}

/** Devices without a service or SNMP get the probes of their kind. */
function probesOf({ address, kind, snmp_ports, services }: DemoDevice) {
  if (address === null || (snmp_ports === undefined && services === undefined)) return {};
  const { tcp = [], dns = [], http = [] } = services ?? {};
  const snmp = { version: '2c', secret: SNMP_SECRET, interval_s: 60, port: SNMP_PORT };
  return {
    // Beyond the LAN a device is asked every 10 s; an empty entry means what its kind is due.
    probes: {
      icmp: kind === 'switch' ? { interval_s: 1 } : {},
      ...(snmp_ports === undefined ? {} : { snmp }),
      ...(tcp.length === 0 ? {} : { tcp: tcp.map(({ port }) => ({ port, interval_s: 30 })) }),
      ...(dns.length === 0 ? {} : { dns: dns.map((name) => ({ name, interval_s: 60 })) }),
      ...(http.length === 0
        ? {}
        : { http: http.map((at) => ({ url: `http://${address}:${at.port}${at.path}` })) }),
    },
  };
}
