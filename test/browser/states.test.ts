import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import {
  enrolTestAgent,
  type Harness,
  measure,
  measureTogether,
  openHarness,
  START_MS,
} from '../collector/harness.ts';
import type { TestAgent } from '../support/batches.ts';
import { launchChromium, missingChromium } from '../support/chromium.ts';

const SITE = 'thanhha-hq';
const DIST = join(import.meta.dirname, '../../collector/web/dist');
const MINUTE_MS = 60_000;
const WIDTHS = [360, 1366, 1920];
const SOON_MS = 30_000;
/** One state each, as the page must show it. */
const YAML = `unit: { code: xa-thanh-ha, name: "Xã Thanh Hà" }
site: { code: ${SITE}, name: "Trụ sở UBND xã Thanh Hà" }
agents: [{ code: do-1, attached: { device: sw-core, port: "4" } }]
devices:
  - { code: gw, name: "Bộ định tuyến", kind: gateway, address: 10.79.0.1 }
  - { code: sw-core, name: "Switch lõi", kind: switch, address: 10.79.0.2, attached: { device: gw } }
  - { code: sw-2, name: "Switch tầng 2 phòng Văn hóa - Xã hội", kind: switch, address: 10.79.0.3, attached: { device: sw-core, port: "2" } }
  - { code: cam-1, name: "Camera 1", kind: camera, address: 10.79.0.11, attached: { device: sw-2 }, probes: { icmp: { interval_s: 1 } } }
  - { code: cam-2, name: "Camera 2", kind: camera, address: 10.79.0.12, attached: { device: sw-2 }, probes: { icmp: { interval_s: 1 } } }
  - { code: sw-b, name: "Switch nhà B", kind: unmanaged-switch, attached: { device: sw-core }, witnesses: [cam-3, cam-4] }
  - { code: cam-3, name: "Camera 3", kind: camera, address: 10.79.0.13, attached: { device: sw-b } }
  - { code: cam-4, name: "Camera 4", kind: camera, address: 10.79.0.14, attached: { device: sw-b } }
  - { code: sw-c, name: "Switch nhà C", kind: unmanaged-switch, attached: { device: sw-core }, witnesses: [] }
  - { code: may-chu, name: "Máy chủ", kind: server, address: 10.79.0.5, attached: { device: sw-core } }
  - { code: may-in, name: "Máy in", kind: printer, address: 10.79.0.20, attached: { device: sw-core } }
  - { code: pc-1, name: "PC 1", kind: pc, address: 10.79.0.31, attached: { device: sw-core }, probes: { icmp: { interval_s: 1 } } }
  - { code: pc-2, name: "PC 2", kind: pc, address: 10.79.0.32, attached: { device: sw-core } }
`;
const EXPECTED: Readonly<Record<string, readonly [state: string, word: RegExp]>> = {
  'sw-2': ['down', /^Mất kết nối\s+do switch ngừng hoạt động \((đo được|suy ra)\)$/],
  'cam-1': ['unreachable', /^Mất theo Switch tầng 2 phòng Văn hóa - Xã hội\s+do switch/],
  'cam-2': ['unreachable', /^Mất theo Switch tầng 2 phòng Văn hóa - Xã hội\s+do switch/],
  'may-chu': ['degraded', /^Chất lượng kém\s+chưa xác định được nguyên nhân$/],
  'may-in': ['maintenance', /^Bảo trì/],
  'sw-b': ['up', /^Hoạt động$/],
  gw: ['up', /^Hoạt động$/],
  'pc-1': ['off', /^Đã tắt máy$/],
  'sw-c': ['not_measured', /^Không đo trực tiếp$/],
};
const WORST_FIRST = 'down unreachable degraded unknown pending maintenance up off not_measured';
const LOSSY = 'n1r9'.repeat(6);

const missing = missingChromium();

describe('the states of rules 1 on the page', { skip: missing }, () => {
  let harness: Harness;
  let agent: TestAgent;
  let browser: Browser;
  let page: Page;
  let url: string;

  const codesOf = (lost: Readonly<Record<string, string>>) =>
    Object.fromEntries(
      Object.entries(lost).map(([code, s]) => [
        agent.list.targets.findIndex((target) => target.code === code),
        s,
      ]),
    );
  const options = (lost: Readonly<Record<string, string>> = {}) => {
    const seen = { log: agent.origin, size: harness.deps.ledger.checkpoint().size };
    return { codes: codesOf(lost), header: { seen } };
  };
  /** Minutes of the set-up, which nobody watches. */
  const past = (count: number, lost?: Readonly<Record<string, string>>) => {
    const each = options(lost);
    return measureTogether(harness, agent, count, () => each);
  };
  const row = (device: string) => page.locator(`tr[data-device="${device}"]`);

  before(async () => {
    harness = await openHarness({ web_dist: DIST });
    const operator = await harness.token('operator');
    const headers = { 'content-type': 'application/yaml' };
    const put = { method: 'PUT', url: `/api/v1/sites/${SITE}/inventory`, headers, payload: YAML };
    const made = await harness.send({ ...put, method: 'PUT' }, operator);
    assert.equal(made.status, 200, made.text);
    agent = await enrolTestAgent(harness, SITE);
    await past(6);
    const at = (minute: number) => new Date(START_MS + minute * MINUTE_MS).toISOString();
    const payload = { devices: ['may-in'], from: at(12), to: at(90), reason: 'Thay trống mực' };
    const window = { method: 'POST', url: `/api/v1/sites/${SITE}/maintenance`, payload } as const;
    assert.equal((await harness.send(window, operator)).status, 200);
    // The computer goes minutes before the switch does: people switched it off.
    await past(8, { 'may-chu': LOSSY, 'pc-1': 'n60' });
    const cut = { 'sw-2': 'n60', 'cam-1': 'n60', 'cam-2': 'n60', 'pc-1': 'n60' };
    await past(4, { 'may-chu': LOSSY, ...cut });
    url = await harness.app.listen({ host: '127.0.0.1', port: 0 });
    browser = await launchChromium();
    page = await browser.newPage({ locale: 'vi-VN' });
    await page.goto(`${url}/sites/${SITE}`);
    await page.fill('input[type=password]', operator);
    await page.click('button[type=submit]');
    await page.waitForSelector('tbody tr');
  });
  after(async () => {
    await browser?.close();
    await harness?.close();
  });

  test('each state has its word, and its cause below it', async () => {
    for (const [device, [state, word]] of Object.entries(EXPECTED)) {
      assert.equal(await row(device).getAttribute('data-state'), state, device);
      const text = await row(device).locator('td').nth(1).innerText();
      assert.match(text.trim(), word, device);
    }
  });

  test('rows stand worst first, and no two states share a shape', async () => {
    const order = WORST_FIRST.split(' ');
    const states = await page
      .locator('tbody tr')
      .evaluateAll((rows) => rows.map((one) => one.getAttribute('data-state') ?? ''));
    const ranks = states.map((state) => order.indexOf(state));
    assert.deepEqual(
      ranks,
      [...ranks].sort((a, b) => a - b),
    );
    const shapes = await page.locator('.legend svg').evaluateAll((all) =>
      // Shape alone: what is left when colours are taken away.
      all.map((svg) => svg.innerHTML.replace(/(fill|stroke)="var[^"]*"/g, '')),
    );
    assert.equal(shapes.length, order.length);
    assert.equal(new Set(shapes).size, order.length);
  });

  test('incidents stand above the devices: what, why, since when, how many behind it', async () => {
    const item = page.locator('.incidents li', { hasText: 'Switch tầng 2' });
    assert.deepEqual(
      [await item.getAttribute('data-cause'), await item.getAttribute('data-phase')],
      ['lan_switch', 'open'],
    );
    const text = await item.innerText();
    assert.match(text, /do switch ngừng hoạt động \((đo được|suy ra)\)/);
    assert.match(text, /từ 23\/11\/2026 08:14, đã .* · 2 thiết bị mất theo/);
    const [list, table] = await Promise.all([
      page.locator('.incidents').boundingBox(),
      page.locator('table').boundingBox(),
    ]);
    assert.ok((list?.y ?? 0) < (table?.y ?? 0));
  });

  test('no width scrolls sideways, in light and in dark', async () => {
    for (const width of WIDTHS) {
      for (const theme of ['light', 'dark']) {
        await page.setViewportSize({ width, height: 900 });
        await page.evaluate(
          (name) => document.documentElement.setAttribute('data-theme', name),
          theme,
        );
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= width, `${wide} px in ${width} px, ${theme}`);
      }
    }
  });

  test('a site counts them, and its worst is the worst of them', async () => {
    const answer = await harness.get(`/api/v1/sites/${SITE}`, await harness.token('viewer'));
    const { states, worst, incidents } = answer.body;
    assert.deepEqual(
      [worst, states.down, states.unreachable, states.degraded, states.maintenance],
      ['down', 1, 2, 1, 1],
    );
    assert.deepEqual([states.off, states.not_measured], [1, 1]);
    assert.ok(incidents.every(({ phase }: { phase: string }) => phase === 'open'));
  });

  test('what ends is said to be over without a reload, and later stands no more', async () => {
    await page.evaluate(() => Object.assign(globalThis, { marked: true }));
    await measure(harness, agent, 2, options());
    await page.waitForSelector('.incidents li[data-phase="settling"][data-cause="lan_switch"]', {
      timeout: SOON_MS,
    });
    await page.waitForSelector('tr[data-device="sw-2"][data-state="up"]', { timeout: SOON_MS });
    const item = page.locator('.incidents li[data-cause="lan_switch"]');
    assert.match(await item.innerText(), /đã hết, kéo dài 4 phút từ 23\/11\/2026 08:14/);
    await measure(harness, agent, 25, options());
    await page.waitForSelector('.incidents p', { timeout: SOON_MS });
    assert.match(await page.locator('.incidents').innerText(), /Không có sự cố nào đang diễn ra/);
    assert.equal(await page.evaluate(() => Reflect.get(globalThis, 'marked')), true);
  });
});
