import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { toBase64 } from '../../shared/bytes.ts';
import { bytesSource, openZip } from '../../shared/evidence/bundle/zip-reading.ts';
import { openMeasuredOffice, START_MS } from '../collector/harness.ts';
import { launchChromium, missingChromium } from '../support/chromium.ts';
import { bundleOf, verified } from '../support/verify-kit.ts';
import { openMinutes } from '../tamper/office.ts';

const ROOT = join(import.meta.dirname, '../..');
const SITE = 'socson-hq';
const WIDTHS = [360, 1366, 1920];
/** A small bundle takes a second; other tests may run beside. */
const VERDICT_WITHIN_MS = 60_000;

describe('verify.html, opened from disk', { skip: missingChromium() }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'lanproof-page-'));
  const files = { full: join(folder, 'full.zip'), bad: join(folder, 'bad.zip') };
  const url = pathToFileURL(join(folder, 'verify.html')).href;
  const asked: string[] = [];
  const complaints: string[] = [];
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;

  before(async () => {
    const built = spawnSync(process.execPath, ['collector/report/verifier/build.mjs', folder], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    assert.equal(built.status, 0, built.stderr);
    const { harness } = await openMeasuredOffice();
    const period = { from_ms: START_MS, to_ms: START_MS + 3_600_000 };
    const bytes = await bundleOf(harness, SITE, period);
    await harness.close();
    writeFileSync(files.full, bytes);
    writeFileSync(files.bad, await altered(bytes));
    browser = await launchChromium();
    context = await browser.newContext({ locale: 'vi-VN', viewport: { width: 1366, height: 900 } });
    page = await context.newPage();
    page.on('request', (request) => asked.push(request.url()));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(url);
  });
  after(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const choose = async (path: string): Promise<void> => {
    await page.setInputFiles('.choose input', path);
    const name = path.split('/').at(-1) ?? '';
    await page.waitForFunction(
      (wanted) => document.querySelector('.bundle')?.textContent?.includes(wanted),
      name,
      { timeout: VERDICT_WITHIN_MS },
    );
  };
  const statuses = async (): Promise<string[]> =>
    await page.locator('.checks > li').evaluateAll((all) => all.map((li) => li.className));

  test('a true bundle matches: verdict, fifteen checks and figures are those of Node', async () => {
    await choose(files.full);
    const verdict = await verified(new Uint8Array(readFileSync(files.full)));
    assert.equal(verdict.outcome, 'pass');
    assert.equal(await page.locator('.verdict h2').textContent(), 'KHỚP');
    assert.deepEqual(
      await statuses(),
      verdict.checks.map(({ status }) => status),
    );
    const hash = await page.locator('.about .hash').textContent();
    assert.equal(hash, verdict.bundle_sha256);
    const devices = await page.locator('.figures .working tbody th').allTextContents();
    assert.deepEqual(
      devices,
      verdict.figures?.hours.working.devices.map(({ device }) => device),
    );
    const site = (await page.locator('.working .headline').first().textContent()) ?? '';
    assert.match(site, /^Trụ sở .*\d,\d\d %.*\d,\d\d\s–\s\d+,\d\d\s%/);
    assert.ok((await page.locator('.not-proved li').count()) >= 3);
    assert.match((await page.locator('.bundle').textContent()) ?? '', /23\/11\/2026 08:00/);
  });

  test('it says what the figures are of, all hours, incidents, and that this is a demo', async () => {
    const { figures } = await verified(new Uint8Array(readFileSync(files.full)));
    assert.ok(figures !== null);
    const { working, all } = figures.hours;
    const names = await page.locator('.working .headline > div:first-child dt').allTextContents();
    assert.deepEqual(
      names.map((name) => name.replace(/ \(.*/, '')),
      ['Trụ sở', 'Các thiết bị', 'Chỗ làm việc'],
    );
    const two = (ratio: number | null | undefined): string =>
      ratio == null ? '–' : `${(Math.floor(ratio * 10_000) / 100).toFixed(2).replace('.', ',')} %`;
    const shown = await page.locator('.working .headline .main').allTextContents();
    const { site, devices } = working.totals;
    assert.deepEqual(shown.slice(0, 2), [two(site?.availability), two(devices?.availability)]);
    const bounds = await page.locator('.working td:nth-child(3)').allTextContents();
    assert.equal(bounds.length, working.devices.length);
    for (const [at, text] of bounds.entries()) {
      const lowest = two(working.devices[at]?.worst).replace(' %', '');
      assert.ok(text.startsWith(`${lowest}\u00a0–\u00a0`), text);
    }
    assert.equal(await page.locator('.all tbody tr').count(), all.devices.length);
    assert.ok(!(await page.locator('.all table').isVisible()), 'folded');
    assert.ok(figures.incidents.length > 0, 'the office had a cut');
    const incidents = page.locator('.incidents tbody tr');
    assert.equal(await incidents.count(), figures.incidents.length);
    const first = figures.incidents[0];
    assert.match((await incidents.first().textContent()) ?? '', /^23\/11\/2026 08:3\d/);
    assert.ok((await incidents.first().textContent())?.includes(first?.roots[0] ?? '?'));
    assert.match((await page.locator('.demo').textContent()) ?? '', /^SỐ LIỆU MÔ PHỎNG \(DEMO\)/);
    assert.match((await page.locator('.against').textContent()) ?? '', /chính bộ số liệu/);
  });

  test('the verdict has the keyboard, and is announced', async () => {
    const focused = await page.evaluate(() => document.activeElement?.textContent);
    assert.equal(focused, 'KHỚP');
    assert.equal(await page.locator('.verdict').getAttribute('aria-live'), 'polite');
  });

  test('an altered bundle does not match, and the page names the check', async () => {
    await choose(files.bad);
    assert.equal(await page.locator('.verdict h2').textContent(), 'KHÔNG KHỚP');
    const why = (await page.locator('.verdict .why').textContent()) ?? '';
    assert.match(why, /^Không khớp ở mục 1 “Tệp nguyên vẹn”/);
    const verdict = await verified(new Uint8Array(readFileSync(files.bad)));
    assert.deepEqual(
      await statuses(),
      verdict.checks.map(({ status }) => status),
    );
    assert.match((await page.locator('.figures').textContent()) ?? '', /không dùng/);
  });

  test('what is typed from paper is compared', async () => {
    await choose(files.full);
    await page.locator('.held summary').click();
    await page.fill('input[name=sha256]', '0'.repeat(64));
    await page.getByRole('button', { name: 'Kiểm chứng lại' }).click();
    await page.waitForSelector('.verdict.fail', { timeout: VERDICT_WITHIN_MS });
    assert.match((await page.locator('.verdict .why').textContent()) ?? '', /mục 1 /);
    const against = page.locator('.against .typed');
    assert.deepEqual(await against.allTextContents(), ['0'.repeat(64)]);
    await page.fill('input[name=sha256]', '');
    assert.deepEqual(await against.allTextContents(), ['0'.repeat(64)], 'what was held then');
    await page.fill('textarea[name=checkpoints]', 'somebody-else\n12\nAAAA');
    await page.getByRole('button', { name: 'Kiểm chứng lại' }).click();
    await page.waitForSelector('.checks > li:nth-child(5).failed', { timeout: VERDICT_WITHIN_MS });
    await page.fill('textarea[name=checkpoints]', '');
    assert.ok(await page.locator('.held').evaluate((one) => one.matches('[open]')), 'stays open');
  });

  test('what is no bundle is a verdict, too', async () => {
    const text = join(folder, 'text.zip');
    writeFileSync(text, 'no zip at all');
    await choose(text);
    assert.equal(await page.locator('.verdict h2').textContent(), 'KHÔNG KHỚP');
    assert.deepEqual((await statuses())[0], 'failed');
  });

  test('time-stamps, holes and whatever is typed are judged as in Node', async (context) => {
    const office = await openMinutes();
    const { bundle, stamper, printed } = office;
    await office.close();
    if (stamper === null) return context.skip('openssl is missing');
    const path = join(folder, 'anchored.zip');
    writeFileSync(path, bundle);
    const held = { tsa_roots: [stamper.root], checkpoints: [printed], every: true };
    const verdict = await verified(bundle, held);
    const root = toBase64(stamper.root).replace(/.{64}/g, '$&\n');
    const pem = `-----BEGIN CERTIFICATE-----\n${root}\n-----END CERTIFICATE-----\n`;
    await page.fill('textarea[name=tsa_ca]', pem);
    await page.fill('textarea[name=checkpoints]', printed);
    await page.check('input[name=every]');
    await choose(path);
    const counted = (await page.locator('.checks > li:nth-child(3)').textContent()) ?? '';
    assert.match(
      counted,
      new RegExp(`${verdict.checks[2]?.counted['anchors_good']} xác nhận đúng`),
    );
    assert.deepEqual(
      await statuses(),
      verdict.checks.map(({ status }) => status),
    );
    await page.fill('textarea[name=tsa_ca]', '');
    await page.fill('textarea[name=checkpoints]', '');
    await page.uncheck('input[name=every]');
  });

  test('English says the same', async () => {
    await choose(files.full);
    await page.getByRole('button', { name: 'English' }).click();
    assert.equal(await page.locator('.verdict h2').textContent(), 'PASS');
    assert.equal(await page.locator('html').getAttribute('lang'), 'en');
    await page.getByRole('button', { name: 'Tiếng Việt' }).click();
  });

  test('nothing needs sideways scrolling, and every control has a name', async () => {
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= width, `${wide} px in ${width} px`);
    }
    const nameless = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLInputElement>('button, input, textarea, progress')]
        .filter((one) => !one.textContent && !one.labels?.length && !one.ariaLabel)
        .map((one) => one.outerHTML),
    );
    assert.deepEqual(nameless, []);
  });

  test('on paper it has the verdict, everything unfolded, and no buttons', async () => {
    await choose(files.bad);
    await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
    await page.emulateMedia({ media: 'print' });
    assert.ok(await page.locator('.verdict h2').isVisible());
    assert.ok(!(await page.locator('.choose').isVisible()));
    assert.ok(!(await page.locator('.actions').isVisible()));
    const told = ['.demo', '.against', '.all table', '.incidents table'];
    for (const one of told) assert.ok(await page.locator(one).isVisible(), one);
    for (const list of await page.locator('.checks > li > details > ul').all()) {
      assert.ok(await list.isVisible());
    }
    await page.emulateMedia({ media: 'screen' });
    await page.evaluate(() => dispatchEvent(new Event('afterprint')));
    assert.equal(await page.locator('.checks > li.ok > details[open]').count(), 0);
    const pdf = await page.pdf({ preferCSSPageSize: true });
    const pages = pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)?.length ?? 0;
    assert.ok(pages >= 1 && pages <= 8, `${pages} pages`);
  });

  test('where no worker can be started the page verifies by itself', async () => {
    const lone = await context.newPage();
    await lone.addInitScript(() => {
      Object.assign(globalThis, {
        Worker: class {
          constructor() {
            throw new DOMException('forbidden', 'SecurityError');
          }
        },
      });
    });
    await lone.goto(url);
    await lone.setInputFiles('.choose input', files.full);
    await lone.waitForSelector('.verdict.pass', { timeout: VERDICT_WITHIN_MS });
    await lone.close();
  });

  test('nothing but the page itself and its own worker was ever asked for', () => {
    const others = asked.filter((url) => !url.startsWith('blob:null/'));
    assert.deepEqual(others, [url]);
    assert.ok(asked.length > others.length, 'workers were started');
    assert.deepEqual(complaints, []);
  });

  test('its policy lets no script of others run and nothing be fetched', async () => {
    const violation = await page.evaluate(
      () =>
        new Promise<string>((resolve) => {
          addEventListener('securitypolicyviolation', (event) => resolve(event.effectiveDirective));
          fetch('http://127.0.0.1:9/').catch(() => {});
        }),
    );
    assert.equal(violation, 'connect-src');
    const ran = await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'globalThis.ran = true';
      document.body.append(script);
      return Reflect.get(globalThis, 'ran') === true;
    });
    assert.ok(!ran);
  });
});

/** One bit of the measurements, turned. */
async function altered(bytes: Uint8Array): Promise<Uint8Array> {
  const entries = await openZip(bytesSource(bytes));
  const entry = entries.find(({ name }) => name.startsWith('batches/'));
  assert.ok(entry !== undefined);
  const copy = Uint8Array.from(bytes);
  const at = entry.offset + Math.floor(entry.size / 2);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}
