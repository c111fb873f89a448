import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { launchChromium, missingChromium } from '../support/chromium.ts';
import { type Access, DemoProcess, demoFolder } from '../support/demo-process.ts';

const NET = 27;
const WIDTHS = [360, 1366, 1920];
const STRIP_CELLS = 60;
/** A batch a minute, and a scripted power or WAN cut of 130 s may be under way. */
const LIVE_WITHIN_MS = 180_000;

const missing = missingChromium();

describe('the live page', { skip: missing }, () => {
  const folder = demoFolder();
  const complaints: string[] = [];
  let demo: DemoProcess;
  let access: Access;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;

  before(async () => {
    demo = new DemoProcess(folder.data, NET, ['--days', '0', '--fresh']);
    access = await demo.ready(20_000);
    await demo.said('Live: both agents measure', 30_000);
    browser = await launchChromium();
    context = await browser.newContext({ locale: 'vi-VN', viewport: { width: 1366, height: 900 } });
    page = await context.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('response', (answer) => {
      if (answer.status() >= 400) complaints.push(`${answer.status()} ${answer.url()}`);
    });
    await page.addInitScript(() => {
      addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
        console.error(`CSP ${violatedDirective} ${blockedURI}`);
      });
    });
  });
  after(async () => {
    await browser?.close();
    await demo?.stop();
    folder.remove();
  });

  test('the link signs in, and the overview shows both offices', async () => {
    await page.goto(demo.sign_in);
    await page.waitForSelector('.tile');
    assert.equal(new URL(page.url()).pathname, '/');
    assert.equal(await page.locator('.tile').count(), access.sites.length);
    assert.match((await page.locator('header .demo').textContent()) ?? '', /DEMO/);
    await page.waitForFunction(() => document.querySelector('.link')?.textContent === 'Trực tiếp');
  });

  test('a change arrives without a reload', async () => {
    await page.evaluate(() => Object.assign(globalThis, { marked: true }));
    const up = () => page.locator('.tile .badge.up').count();
    // The agents have just begun: what was never measured becomes up in front of our eyes.
    await page.waitForFunction(
      (count) => document.querySelectorAll('.tile .badge.up').length === count,
      access.sites.length,
      { timeout: LIVE_WITHIN_MS },
    );
    assert.equal(await up(), access.sites.length);
    assert.equal(await page.evaluate(() => Reflect.get(globalThis, 'marked')), true);
  });

  test('an office shows its devices with state words and a strip of 60 minutes', async () => {
    await page.locator('.tile').first().click();
    await page.waitForSelector('tbody tr');
    const rows = page.locator('tbody tr');
    assert.ok((await rows.count()) > 10);
    for (const text of await page.locator('tbody td:nth-child(2)').allInnerTexts()) {
      assert.match(text, /\p{L}{2,}/u, 'a state is a word, not a colour alone');
    }
    const strips = page.locator('svg.strip');
    // Unmanaged switches, too, have one: by what their witnesses say.
    assert.equal(await strips.count(), await rows.count());
    for (const cells of await strips.evaluateAll((all) =>
      all.map((svg) => svg.querySelectorAll(':scope > g').length),
    )) {
      assert.equal(cells, STRIP_CELLS);
    }
  });

  test('language and theme are switched and kept', async () => {
    await page.getByRole('button', { name: 'Ngôn ngữ' }).click();
    await page.waitForSelector('html[lang="en"]');
    assert.match((await page.locator('thead').textContent()) ?? '', /Device/i);
    const theme = () => page.locator('html').getAttribute('data-theme');
    const before_theme = await theme();
    await page.getByRole('button', { name: 'Light or dark' }).click();
    assert.notEqual(await theme(), before_theme);
    const chosen = await theme();
    await page.reload();
    await page.waitForSelector('tbody tr');
    assert.equal(await theme(), chosen);
    assert.equal(await page.locator('html').getAttribute('lang'), 'en');
  });

  test('nothing needs sideways scrolling on a phone, a laptop or a large screen', async () => {
    const office = page.url();
    for (const url of [office, access.url]) {
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 900 });
        await page.goto(url);
        await page.waitForSelector('tbody tr, .tile');
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= width, `${wide} px in ${width} px at ${url}`);
      }
    }
  });

  test('pictures, buttons and fields have names, and each page one heading', async () => {
    for (const path of ['/', `/sites/${access.sites[0]}`]) {
      await page.goto(access.url + path);
      await page.waitForSelector('tbody tr, .tile');
      assert.deepEqual(await page.evaluate(nameless), []);
      assert.equal(await page.locator('h1').count(), 1);
      assert.ok((await page.title()).length > 0);
    }
  });

  test('a used link leads to the sign-in page, which says so in both languages', async () => {
    const other = await browser.newContext({ locale: 'en-GB' });
    const fresh = await other.newPage();
    await fresh.goto(demo.sign_in);
    await fresh.waitForSelector('input[type=password]');
    const text = await fresh.locator('[role=alert]').innerText();
    assert.match(text, /^Đường dẫn đăng nhập này[\s\S]*This sign-in link was used/);
    assert.ok(!fresh.url().includes('code='), 'the code is gone from the address bar');
    await fresh.fill('input[type=password]', access.viewer_token);
    await fresh.click('button[type=submit]');
    await fresh.waitForSelector('.tile');
    await other.close();
  });

  test('without a session the page asks for a token and takes it', async () => {
    const other = await browser.newContext({ locale: 'en-GB' });
    const fresh = await other.newPage();
    await fresh.goto(access.url);
    await fresh.waitForSelector('input[type=password]');
    await fresh.fill('input[type=password]', access.viewer_token);
    await fresh.click('button[type=submit]');
    await fresh.waitForSelector('.tile');
    await fresh.goto(`${access.url}/sites/${access.sites[0]}`);
    await fresh.waitForSelector('tbody tr');
    // A viewer sees computers as counts, never one by one, and no addresses.
    assert.equal(await fresh.locator('tr[data-device^="pc-"]').count(), 0);
    assert.doesNotMatch((await fresh.locator('main').textContent()) ?? '', /127\.\d+\.\d+\.\d+/);
    await fresh.goto(`${access.url}/sites/khong-co`);
    await fresh.waitForSelector('.message');
    await fresh.locator('a.brand').click();
    await fresh.waitForSelector('.tile');
    await other.close();
  });

  test('nothing went wrong on the way', () => {
    assert.deepEqual(complaints, []);
  });
});

/** Runs in the page: elements that a screen reader could not name. */
function nameless(): string[] {
  const named = (element: Element) =>
    (element.getAttribute('aria-label') ?? element.getAttribute('title') ?? '').trim() !== '' ||
    (element.textContent ?? '').trim() !== '';
  const hidden = (element: Element) => element.closest('[aria-hidden="true"]') !== null;
  const bad: Element[] = [];
  for (const element of document.querySelectorAll('button, a, svg, [role="img"]')) {
    if (!hidden(element) && !named(element)) bad.push(element);
  }
  for (const image of document.querySelectorAll('img')) {
    if (!image.hasAttribute('alt')) bad.push(image);
  }
  for (const field of document.querySelectorAll('input, select, textarea')) {
    if (!field.hasAttribute('aria-label') && field.closest('label') === null) bad.push(field);
  }
  return bad.map((element) => element.outerHTML.slice(0, 120));
}
