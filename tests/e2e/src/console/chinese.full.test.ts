import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Examples, fillCompany } from './example-company.js';
import { addressesOf, open } from './pages.js';
import { ConsoleStand, choose, patiently } from './stand.js';

let stand: ConsoleStand;
let page: Page;
let examples: Examples;

beforeAll(async () => {
  stand = await ConsoleStand.start({}, { WRITES_PER_SECOND: '1000' });
  examples = await fillCompany(stand);
  page = await stand.enter();
  await choose(page, 'language', 'zh-CN');
}, 120_000);
afterAll(async () => {
  await stand?.stop();
});

/** What may stay English: names, commands, and what people have written. */
const names =
  /TeamTalk for TypeScript|Apache License|teamtalk \w+ \w+( NAME)?|The office network is down from|The weekly (moves to|is on Tuesdays)|Fire drill on Friday|console help desk|key \w+ of team \w+ for/g;
/** The chapters of the guide to alerts are in English only. */
const isEnglish = (address: string) => address.startsWith('alerts/');

/** English sentences that the page shows: three words in a row, at least one of them in lower case. */
async function englishOn(selector: string): Promise<string[]> {
  const texts = (await page.evaluate(`(() => {
    const walker = document.createTreeWalker(document.querySelector('${selector}'), NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) {
      if (!walker.currentNode.parentElement.closest('noscript')) found.push(walker.currentNode.nodeValue);
    }
    return found;
  })()`)) as string[];
  return texts.filter((text) => /[A-Za-z]{2,} [a-z]{2,} [A-Za-z]{2,}/.test(text.replaceAll(names, '')));
}

it('no page shows an English sentence', async () => {
  await stand.cluster.sql(`UPDATE import_progress SET step = 'verifying, groups, departments, tokens'`);
  const found: string[] = [];
  for (const address of addressesOf(examples).filter((each) => !isEnglish(each))) {
    await open(page, address);
    for (const text of await englishOn('body')) found.push(`${address}: ${text}`);
  }
  expect(found).toEqual([]);
}, 90_000);

it('the step of an import is named in Chinese', async () => {
  await open(page, 'migration');
  await expect
    .poll(() => page.locator('main').textContent(), patiently)
    .toContain('核对：群组、部门、设备令牌');
});

it('a refused form names the broken rule in Chinese, beside its field', async () => {
  await open(page, 'discovery');
  await page.locator('main .page-head button').last().click();
  const dialog = page.locator('dialog[open]');
  await dialog.locator('[name=name]').fill('内网');
  await dialog.locator('[name=url]').fill('ftp://intranet.example.com/');
  await dialog.locator('button[type=submit]').click();
  await dialog.locator('.field', { hasText: '地址应以 http:// 或 https:// 开头。' }).waitFor();
  expect(await englishOn('dialog[open]')).toEqual([]);
  await page.keyboard.press('Escape');
});

it('why the audit is not intact is said in Chinese', async () => {
  await stand.cluster.sql('ALTER TABLE audit_event DISABLE TRIGGER USER');
  await stand.cluster.sql('DELETE FROM audit_event WHERE id = 3');
  await open(page, 'audit');
  await page.locator('main .stack button').first().click();
  const notice = page.locator('main .notice.bad');
  await notice.waitFor();
  expect(await notice.textContent()).toContain('审计不完整：缺少第 3 条记录。');
  expect(stand.problems).toEqual([]);
});
