import Type, { type Static } from 'typebox';
import { CHECKS_MAX, DEVICE_KINDS, INTERVALS_S, REACHABILITIES } from '../measure/codes.ts';
import {
  AGENTS_PER_SITE_MAX,
  CALENDAR_DEFAULT,
  CODE_FORM,
  CODE_PATTERN,
  DEVICES_PER_SITE_MAX,
  SNMP_PORT,
  WITNESSES_MAX,
} from '../measure/inventory-defaults.ts';
import { SNMP_AUTHS, SNMP_LEVELS, SNMP_PRIVS } from '../measure/inventory-probes.ts';
import { POWERED_BY } from '../measure/inventory-types.ts';
import { SECRET_NAME_FORM, SECRET_NAME_PATTERN } from '../measure/secret-name.ts';

const closed = { additionalProperties: false } as const;
const code = (description: string) =>
  Type.String({ pattern: CODE_PATTERN, 'x-form': CODE_FORM, description });
const text = (description: string) => Type.String({ minLength: 1, maxLength: 200, description });
const secret = (description: string) =>
  Type.Optional(
    Type.String({ pattern: SECRET_NAME_PATTERN, 'x-form': SECRET_NAME_FORM, description }),
  );
const port = (description: string) => Type.Integer({ minimum: 1, maximum: 65_535, description });
const timing = (interval: string, timeout: string) => ({
  interval_s: Type.Optional(
    Type.Enum(INTERVALS_S, { description: `Seconds between probes. Default: ${interval}.` }),
  ),
  timeout_ms: Type.Optional(
    Type.Integer({
      minimum: 50,
      maximum: 599_900,
      description: `50 to interval − 100 ms. Default: ${timeout}, at most the interval − 200 ms.`,
    }),
  ),
});

const Attached = Type.Object(
  {
    device: code('Code of the device that it is plugged into, towards the gateway.'),
    port: Type.Optional(text('ifName, ifDescr or ifIndex of the port there, as text.')),
  },
  { ...closed, description: 'Where it is plugged in.' },
);

const Snmp = Type.Object(
  {
    version: Type.Enum([1, '1', '2c', 3, '3'], { description: 'SNMP version.' }),
    secret: secret('1 and 2c: name of the secret that holds the community.'),
    user: Type.Optional(text('3: user name (security name).')),
    level: Type.Optional(Type.Enum(SNMP_LEVELS, { description: '3: security level.' })),
    auth: Type.Optional(Type.Enum(SNMP_AUTHS, { description: '3: authentication protocol.' })),
    auth_secret: secret('3: name of the secret for authentication.'),
    priv: Type.Optional(Type.Enum(SNMP_PRIVS, { description: '3: privacy protocol.' })),
    priv_secret: secret('3: name of the secret for privacy.'),
    context: Type.Optional(text('3: context name. Default: the default context.')),
    port: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 65_535,
        default: SNMP_PORT,
        description: 'UDP port of the SNMP agent.',
      }),
    ),
    ...timing('60', '2000'),
  },
  { ...closed, description: 'SNMP; secrets are named here and live on the agent.' },
);

const services = <T extends Type.TProperties>(properties: T, what: string, timeout: string) =>
  Type.Optional(
    Type.Array(Type.Object({ ...properties, ...timing('60', timeout) }, closed), {
      maxItems: CHECKS_MAX,
      description: what,
    }),
  );

const Probes = Type.Object(
  {
    icmp: Type.Optional(
      Type.Object(timing('1 for gateway, switch, server, ups; 5; 10 for pc, upstream', '1000'), {
        ...closed,
        description:
          'Echo request (ping); in the own network one of 1,400 bytes each 10 s beside it.',
      }),
    ),
    arp: Type.Optional(
      Type.Object(timing('10', '1000'), {
        ...closed,
        description: 'ARP request, for what drops echo; the own subnet only.',
      }),
    ),
    snmp: Type.Optional(Snmp),
    tcp: services({ port: port('TCP port.') }, 'TCP connections; refused is alive.', '3000'),
    dns: services({ name: text('Name to resolve.') }, 'DNS queries to this device.', '3000'),
    http: services({ url: text('http or https address.') }, 'HTTP requests.', '10000'),
  },
  { ...closed, description: 'What is asked. Without it: icmp. Given ones get no company.' },
);

const Asset = Type.Object(
  {
    owner: Type.Optional(text('Who owns it.')),
    year_in_service: Type.Optional(
      Type.Integer({ minimum: 1980, maximum: 2100, description: 'Year put into service.' }),
    ),
    original_cost_vnd: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 1e12, description: 'Original cost in đồng.' }),
    ),
    fixed_asset: Type.Optional(Type.Boolean({ description: 'Is it booked as a fixed asset?' })),
    serial: Type.Optional(text('Serial number.')),
    model: Type.Optional(text('Model.')),
    room: Type.Optional(text('Room.')),
    generation: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000,
        description: 'Counts replacements under one asset code, from 1.',
      }),
    ),
  },
  { ...closed, description: 'For the asset register.' },
);

const DeviceEntry = Type.Object(
  {
    code: code('Asset code, unique in the site; the only name in masked exports.'),
    name: Type.Optional(text('Name for people. Default: the code.')),
    kind: Type.Enum(DEVICE_KINDS, { description: 'What it is; decides how silence is judged.' }),
    address: Type.Optional(text('IPv4 or IPv6; a hint where mac or hostname identifies it.')),
    mac: Type.Optional(text('MAC on the label; never a locally administered one.')),
    hostname: Type.Optional(text('Name that resolves to it.')),
    reachability: Type.Optional(
      Type.Enum(REACHABILITIES, {
        description:
          'The probe that says up or down. Default: the first of icmp, arp, tcp, snmp among ' +
          '`probes`; without `probes` icmp; none where nothing can be addressed.',
      }),
    ),
    agent: Type.Optional(code('Code of the owning agent. Default: the first agent.')),
    attached: Type.Optional(Attached),
    groups: Type.Optional(
      Type.Array(code('Code of a group.'), { maxItems: 64, description: 'Groups, e.g. mot-cua.' }),
    ),
    powered_by: Type.Optional(
      Type.Enum(POWERED_BY, { default: 'unknown', description: 'Where its power comes from.' }),
    ),
    probes: Type.Optional(Probes),
    rtt_limit_ms: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 10_000,
        description: 'p95 above it is degraded. Default: 50 ms; 300 ms for upstream.',
      }),
    ),
    witnesses: Type.Optional(
      Type.Array(code('Code of a device.'), {
        maxItems: WITNESSES_MAX,
        description: 'unmanaged-switch: at least two always-on devices behind it.',
      }),
    ),
    asset: Type.Optional(Asset),
  },
  closed,
);

const UnitEntry = Type.Object(
  {
    code: code('Code of the unit.'),
    name: text('Name as in documents.'),
    parent: Type.Optional(code('Code of the unit above.')),
    aliases: Type.Optional(
      Type.Array(text('Another name.'), { maxItems: 64, description: 'Former and other names.' }),
    ),
  },
  { ...closed, description: 'The administrative unit.' },
);

const SiteEntry = Type.Object(
  {
    code: code('Code of the site; leads every id.'),
    name: text('Name as in documents.'),
    calendar: Type.Optional(
      Type.String({
        pattern: CODE_PATTERN,
        default: CALENDAR_DEFAULT,
        'x-form': CODE_FORM,
        description: 'Code of the working-time calendar.',
      }),
    ),
    contact: Type.Optional(
      Type.Object(
        {
          name: Type.Optional(text('Name.')),
          phone: Type.Optional(text('Telephone, in quotes so that a leading 0 stays.')),
        },
        { ...closed, description: 'Whom to call.' },
      ),
    ),
    workplaces: Type.Optional(
      Type.Record(Type.String(), Type.Integer({ minimum: 0, maximum: 10_000 }), {
        description: 'Number of workplaces by group code.',
      }),
    ),
  },
  { ...closed, description: 'One LAN.' },
);

/** Schema of inventory.yml (one site). Meaning is checked by shared/measure/inventory.ts. */
export const InventorySchema = Type.Object(
  {
    unit: UnitEntry,
    site: SiteEntry,
    agents: Type.Array(
      Type.Object(
        {
          code: code('Code of the agent, e.g. do-1.'),
          address: Type.Optional(text("The agent's own address; never a target.")),
          attached: Type.Optional(Attached),
        },
        closed,
      ),
      { minItems: 1, maxItems: AGENTS_PER_SITE_MAX, description: 'The first owns by default.' },
    ),
    devices: Type.Array(DeviceEntry, {
      maxItems: DEVICES_PER_SITE_MAX,
      description: 'Everything on the LAN, and what is watched beyond it (upstream).',
    }),
  },
  { ...closed, description: 'Inventory of one site.' },
);
export type InventoryFile = Static<typeof InventorySchema>;
