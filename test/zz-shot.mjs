import { readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';
const [,, url, data, ...what] = process.argv;
const access = JSON.parse(readFileSync(`${data}/access.json`, 'utf8'));
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox','--disable-gpu','--disable-quic','--no-first-run','--disable-background-networking','--disable-component-update','--disable-sync'] });
for (const spec of what) {
  const [name, path, width, scheme, lang='vi', token='admin'] = spec.split(',');
  const context = await browser.newContext({ locale: 'vi-VN', viewport: { width: Number(width), height: Number(width) < 400 ? 780 : 900 }, colorScheme: scheme });
  const page = await context.newPage();
  await page.addInitScript((l) => localStorage.setItem('language', l), lang);
  await page.goto(url);
  await page.waitForSelector('input[type=password]');
  await page.fill('input[type=password]', access[`${token}_token`]);
  await page.click('button[type=submit]');
  await page.waitForSelector('.tile');
  await page.goto(url + path);
  await page.waitForSelector('tbody tr, .tile');
  await page.waitForTimeout(800); await page.evaluate((d)=>{document.documentElement.style.zoom=1},0);
  await page.screenshot({ path: `/tmp/u-demo/shots/${name}.png`, fullPage: !name.startsWith("v") });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  console.log(name, wide, await page.locator('.incidents li').count());
  await context.close();
}
await browser.close();
