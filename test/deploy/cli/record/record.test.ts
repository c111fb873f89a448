import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { Masks } from '../../../../deploy/cli/record/record-masks.ts';
import { walkAll } from '../../../../deploy/cli/record/record-walk.ts';
import { deadline, lab, model } from '../../../agent/snmp/lab.ts';
import { temporaryDir } from '../../../support/agent-kit.ts';
import { parseSnmprec } from '../../../support/snmprec.ts';
import { RECORDING_COMMUNITY, serveRecording } from '../../../support/snmprec-server.ts';
import { ran } from '../cli-kit.ts';

const ADDRESS = '127.107.2.1';
const ALLOW = ['--allow', '127.107.0.0/16'];
/** Private data of the office, in all the places where devices put it. */
const PRIVATE = [
  ...['xa-soc-son', 'Nguyễn', 'Tầng 2', 'FOC1234X5YZ', 'phong-ke-toan', '10.77.0.9', 'khach-vip'],
  ...[
    '00:1b:2c:3d:4e:5f',
    '001b2c3d4e5f',
    '0.27.44.61.78.95',
    '203.113.131.1',
    'aa:bb:cc:00:11:22',
  ],
  ...['secret-user', 'comm-4711', RECORDING_COMMUNITY, ADDRESS],
];
const DEVICE = `1.0.8802.1.1.2.1.4.1.1.5.0.1.1|4x|001b2c3d4e5f
1.0.8802.1.1.2.1.4.1.1.7.0.1.1|4|gi1/0/24
1.0.8802.1.1.2.1.4.1.1.9.0.1.1|4|sw-phong-ke-toan
1.0.8802.1.1.2.1.4.2.1.4.0.1.1.1.4.10.77.0.9|2|7
1.3.6.1.2.1.1.1.0|4|ACME S24 v1.2.0.7 of xa-soc-son, SN:FOC1234X5YZ at 10.77.0.9, 00:1b:2c:3d:4e:5f
1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.9999.24
1.3.6.1.2.1.1.3.0|67|123456
1.3.6.1.2.1.1.4.0|4x|${Buffer.from('Nguyễn Văn A').toString('hex')}
1.3.6.1.2.1.1.5.0|4|xa-soc-son
1.3.6.1.2.1.1.6.0|4x|${Buffer.from('Tầng 2').toString('hex')}
1.3.6.1.2.1.2.2.1.2.1|4|GigabitEthernet1/0/1
1.3.6.1.2.1.2.2.1.2.2|4|GigabitEthernet1/0/2
1.3.6.1.2.1.2.2.1.6.1|4x|001b2c3d4e5f
1.3.6.1.2.1.2.2.1.6.2|4x|
1.3.6.1.2.1.2.2.1.10.1|65|4294967295
1.3.6.1.2.1.4.20.1.1.10.77.0.9|64|10.77.0.9
1.3.6.1.2.1.17.2.5.0|4x|8000001b2c3d4e5f
1.3.6.1.2.1.17.4.3.1.2.0.27.44.61.78.95|2|3
1.3.6.1.2.1.17.4.3.1.2.170.187.204.0.17.34|2|4
1.3.6.1.2.1.17.4.3.1.2.1.128.194.0.0.0|2|0
1.3.6.1.2.1.17.7.1.4.3.1.1.10|4|khach-vip
1.3.6.1.2.1.17.7.1.4.3.1.2.10|4x|40414243
1.3.6.1.2.1.31.1.1.1.6.1|70|18446744073709551615
1.3.6.1.2.1.31.1.1.1.18.1|4|phong-ke-toan
1.3.6.1.2.1.31.1.1.1.18.2|4|GigabitEthernet1/0/2
1.3.6.1.2.1.47.1.1.1.1.11.1|4|FOC1234X5YZ
1.3.6.1.2.1.99.1.1|64|203.113.131.1
1.3.6.1.2.1.99.1.2|64|255.255.255.0
1.3.6.1.4.1.9999.1.1.0|4|khach-vip
1.3.6.1.4.1.9999.1.2.0|2|42
1.3.6.1.4.1.9999.1.3.0|4x|deadbeef00
1.3.6.1.6.3.10.2.1.3.0|2|1234
1.3.6.1.6.3.15.1.2.2.1.3.5.1.2.3.4.5.11|4|secret-user
`;

async function served(t: TestContext, text = DEVICE) {
  const dir = temporaryDir(t);
  const source = join(dir, 'device.snmprec');
  writeFileSync(source, text);
  const { device } = await serveRecording(t, source, ADDRESS);
  const community = join(dir, 'community');
  writeFileSync(community, RECORDING_COMMUNITY, { mode: 0o600 });
  const out = join(dir, 'out.snmprec');
  const port = String(device.port);
  const argv = ['record', ADDRESS, '--port', port, '--community-file', community, ...ALLOW];
  return { argv: [...argv, '--out', out], out, device };
}

test('a recording can be served again, and names, serials, MACs and addresses are gone', async (t) => {
  const { argv, out } = await served(t);
  const first = await ran([...argv, '--vendor']);
  assert.equal(first.code, 0, first.err);
  assert.equal(first.out, out);
  assert.equal(statSync(out).mode & 0o777, 0o600);
  const text = readFileSync(out, 'utf8');
  const hexed = PRIVATE.map((word) => Buffer.from(word).toString('hex'));
  for (const word of [...PRIVATE, ...hexed]) assert.ok(!text.includes(word), word);
  const values = new Map(
    text.split('\n').flatMap((line): [string, string][] => {
      const [oid, tag, ...value] = line.split('|');
      return oid === undefined || tag === undefined ? [] : [[oid, `${tag}|${value.join('|')}`]];
    }),
  );
  assert.equal(values.get('1.3.6.1.2.1.1.3.0'), '67|123456');
  assert.equal(values.get('1.3.6.1.2.1.1.2.0'), '6|1.3.6.1.4.1.9999.24');
  assert.equal(values.get('1.3.6.1.2.1.2.2.1.10.1'), '65|4294967295');
  assert.equal(values.get('1.3.6.1.2.1.31.1.1.1.6.1'), '70|18446744073709551615');
  assert.equal(values.get('1.3.6.1.2.1.2.2.1.2.2'), '4|GigabitEthernet1/0/2', 'ports keep theirs');
  assert.equal(values.get('1.0.8802.1.1.2.1.4.1.1.7.0.1.1'), '4|gi1/0/24');
  assert.equal(values.get('1.3.6.1.2.1.2.2.1.6.2'), '4|');
  assert.equal(values.get('1.3.6.1.2.1.17.7.1.4.3.1.2.10'), '4|@ABC', 'ports of a VLAN');
  assert.equal(values.get('1.3.6.1.2.1.99.1.2'), '64|255.255.255.0');
  assert.equal(values.get('1.3.6.1.4.1.9999.1.2.0'), '2|42');
  assert.equal(values.get('1.3.6.1.4.1.9999.1.3.0'), '4x|0000000000');
  assert.match(
    values.get('1.3.6.1.2.1.1.1.0') ?? '',
    /ACME S24 v1\.2\.0\.7 of name-\d+, SN:serial/,
  );
  const { entries } = parseSnmprec(readFileSync(out));
  const oids = entries.map(([oid]) => oid);
  for (const gone of ['1.3.6.1.2.1.4.', '1.3.6.1.6.3.15.', '1.0.8802.1.1.2.1.4.2.']) {
    assert.ok(!oids.some((oid) => oid.startsWith(gone)), gone);
  }
});

test('the same input has the same stand-in everywhere, in OIDs, too', async (t) => {
  const { argv, out } = await served(t);
  assert.equal((await ran(argv)).code, 0);
  const text = readFileSync(out, 'utf8');
  const mac = /^1\.3\.6\.1\.2\.1\.2\.2\.1\.6\.1\|4x\|(\w{12})$/m.exec(text)?.[1] ?? '';
  assert.match(mac, /^02/);
  const arcs = (mac.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16)).join('.');
  assert.ok(text.includes(`1.0.8802.1.1.2.1.4.1.1.5.0.1.1|4x|${mac}`));
  assert.ok(text.includes(`1.3.6.1.2.1.17.2.5.0|4x|8000${mac}`));
  assert.ok(text.includes(`1.3.6.1.2.1.17.4.3.1.2.${arcs}|2|3`));
  assert.ok(text.includes('1.3.6.1.2.1.17.4.3.1.2.1.128.194.0.0.0|2|0'), 'groups are nobody');
  const serial = /^1\.3\.6\.1\.2\.1\.47\.1\.1\.1\.1\.11\.1\|4\|(\S+)$/m.exec(text)?.[1] ?? '?';
  assert.ok(text.includes(`SN:${serial} `));
  const name = /^1\.3\.6\.1\.2\.1\.1\.5\.0\|4\|(\S+)$/m.exec(text)?.[1] ?? '?';
  assert.ok(text.includes(`of ${name},`));
  assert.ok(!text.includes('1.3.6.1.4.1.9999.1'), 'without --vendor');
});

test('it overwrites nothing, and says what is missing when it was cut short', async (t) => {
  const { argv, out } = await served(t);
  const cut = await ran([...argv, '--rows', '10']);
  assert.equal(cut.code, 1);
  assert.match(cut.err, /^10 objects by/m);
  assert.match(cut.err, /not the whole device: the limit of 10 objects was reached \(--rows\)/);
  assert.equal(parseSnmprec(readFileSync(out)).entries.length, 10);
  assert.match(readFileSync(out, 'utf8'), /^# not the whole device$/m);
  const again = await ran(argv);
  assert.equal(again.code, 1);
  assert.match(again.err, /RECORD_EXISTS/);
  const refused = await ran(argv.slice(0, 6).concat('--out', `${out}.2`));
  assert.match(refused.err, /TARGET_NOT_ALLOWED/);
  assert.equal((await ran(['record', 'no-address'])).code, 2);
});

const PLAN = {
  ...{ roots: ['1.3.6.1.2'], left_out: [], progress: () => undefined },
  limits: { rows_max: 5_000, pdus_max: 5_000, ms_max: 20_000 },
};

test('devices that repeat, never end or answer nothing cost a bounded walk', async (t) => {
  const sides = [
    [{ same: true }, /repeats itself|^$/],
    [{ endless: true }, /limit of 5000|repeats/],
    [{ silent: true }, /timeout/],
    [{ garbage: true }, /garbage/],
  ] as const;
  for (const [faults, why] of sides) {
    const { session } = await lab(t, model(), { faults });
    const walk = await walkAll(session, PLAN, deadline(20_000));
    assert.match(walk.cut ?? '', why, JSON.stringify(faults));
    assert.ok(walk.rows.length <= 5_100);
    session.close();
  }
});

test('a device that does not answer at all is told as such', async (t) => {
  const { argv, out } = await served(t);
  const wrong = join(temporaryDir(t), 'community');
  writeFileSync(wrong, 'another', { mode: 0o600 });
  const unheard = argv.map((word, at) => (argv[at - 1] === '--port' ? '1' : word));
  const [silent, closed] = await Promise.all([
    ran([...argv, '--community-file', wrong]),
    ran(unheard),
  ]);
  assert.equal(silent.code, 1);
  assert.match(
    silent.err,
    /RECORD_NO_ANSWER: 127\.107\.2\.1: the device did not answer to SNMP at all/,
  );
  assert.match(silent.err, /look at the community/);
  assert.doesNotMatch(silent.err, /1\.0\.8802/);
  assert.ok(!existsSync(out));
  assert.match(closed.err, /RECORD_NO_ANSWER: .*UDP port 1 is closed/);
});

test('Ctrl-C ends the walk at once and keeps what there is', async (t) => {
  const { session } = await lab(t);
  const stop = new AbortController();
  const progress = (rows: number): void => {
    if (rows > 50) stop.abort();
  };
  const walk = await walkAll(session, { ...PLAN, progress }, stop.signal);
  assert.equal(walk.cut, 'stopped by hand');
  assert.ok(walk.rows.length > 50 && walk.rows.length < 200);
});

test('a walk over GETNEXT alone finds the same objects', async (t) => {
  const whole = await walkAll((await lab(t)).session, PLAN, deadline());
  const { session } = await lab(t, model(), { address: '127.107.2.9', faults: { no_bulk: true } });
  const slow = await walkAll(session, { ...PLAN, roots: ['1.3.6.1.2.1.1'] }, deadline());
  const some = whole.rows.filter(({ oid }) => oid.startsWith('1.3.6.1.2.1.1.'));
  assert.ok(whole.rows.length > 500);
  assert.equal(slow.cut, undefined);
  assert.deepEqual(slow.rows, some);
});

test('texts keep versions and models, and lose addresses of every spelling', () => {
  const masks = new Masks();
  const mac = masks.scrub('aa-bb-cc-00-11-22');
  assert.equal(masks.scrub('AABB.CC00.1122'), mac);
  assert.equal(masks.scrub('Version 12.1.22.5, build 7'), 'Version 12.1.22.5, build 7');
  assert.equal(masks.scrub('at fe80::1c2d:3e4f'), 'at 2001:db8::1');
  assert.equal(masks.scrub('Linux may-chu 6.1.0'), 'Linux name-1 6.1.0');
  assert.equal(masks.scrub('may-chu: 192.168.1.1'), 'name-1: 198.18.0.2');
});
