import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Screenshots } from '../screenshots.js';
import { type Examples, fillCompany } from './example-company.js';
import { ConsoleStand, choose, patiently, visit } from './stand.js';

const screenshots = new Screenshots('console', {
  'en-light-overview': 'overview',
  'zh-CN-dark-overview': 'overview-zh-dark',
  'en-dark-groups': 'groups-dark',
  'zh-CN-light-departments': 'departments-zh',
  'zh-CN-light-broadcasts-new': 'new-broadcast-zh',
  'zh-CN-light-phone-users': 'users-phone-zh',
});

const size = { width: 1366, height: 768 };
const phone = { width: 390, height: 844 };

let stand: ConsoleStand;
let page: Page;
let examples: Examples;

beforeAll(async () => {
  stand = await ConsoleStand.start({}, { WRITES_PER_SECOND: '1000' }, { login_server: 1, file_server: 1 });
  examples = await fillCompany(stand);
  page = await stand.enter();
  await page.setViewportSize(size);
}, 120_000);
afterAll(async () => {
  await stand?.stop();
});

/** Each page, and a selector that matches once it has loaded. */
const pages = (): [name: string, path: string, loaded: string][] => [
  ['overview', '', '.figures dd'],
  ['users', 'users', 'tbody tr'],
  ['users-new', 'users/new', '[name=password]'],
  ['imports', 'users/import', 'tbody tr'],
  ['import', `users/import/${examples.importId}`, 'tbody tr'],
  ['user', `users/${examples.userId}`, 'tbody tr'],
  ['departments', 'departments', '.tree .node'],
  ['groups', 'groups', 'tbody tr'],
  ['groups-new', 'groups/new', '[name=type]'],
  ['group', `groups/${examples.groupId}`, 'tbody tr'],
  ['dissolved', 'groups/dissolved', 'tbody tr'],
  ['discovery', 'discovery', 'tbody tr'],
  ['broadcasts', 'broadcasts', 'tbody tr'],
  ['broadcasts-new', 'broadcasts/new', '[name=message]'],
  ['push', `push/${examples.userId}`, '.card .empty'],
  ['push-providers', 'push', 'tbody tr'],
  ['apps', 'apps', 'tbody tr'],
  ['webhook', 'apps/webhooks/1', 'summary'],
  ['bots', 'bots', 'tbody tr'],
  ['audit', 'audit', 'tbody tr'],
  ['lifecycle', 'lifecycle', 'tbody tr'],
  ['accounts', 'accounts', 'tbody tr'],
  ['clients', 'clients', 'tbody tr'],
  ['settings', 'settings', 'tbody tr'],
  ['alert-guide', 'alerts/TeamTalkOutboxStuck', '.card p'],
  ['migration', 'migration', '.facts'],
  ['own', 'own', 'tbody tr'],
  ['about', 'about', '.checks li'],
];

async function open(address: string, loaded: string): Promise<void> {
  await visit(page, address);
  await page.locator(`main ${loaded}`).first().waitFor();
  const waiting = page.locator('main p.empty[role=status]');
  await expect.poll(() => waiting.count(), patiently).toBe(0);
  if (address === 'broadcasts/new') {
    await page
      .locator('[name=message]')
      .fill('办公网今晚 22:00–23:00 维护。\nThe office network is down from 22:00 to 23:00.');
    await page.locator('.bubble', { hasText: '办公网' }).waitFor();
  }
}

describe.each(['en', 'zh-CN'])('in %s', (language) => {
  it.each(['light', 'dark'])(
    'in the %s theme, every page fits its width',
    async (theme) => {
      await page.setViewportSize(size);
      await choose(page, 'language', language);
      await choose(page, 'theme', theme);
      const tooWide: string[] = [];
      for (const [name, address, loaded] of pages()) {
        await open(address, loaded);
        const width = (await page.evaluate('document.documentElement.scrollWidth')) as number;
        if (width > size.width) tooWide.push(`${name}: ${width}`);
        await screenshots.take(page, `${language}-${theme}-${name}`);
      }
      expect(tooWide).toEqual([]);
    },
    120_000,
  );

  it('on a phone', async () => {
    await page.setViewportSize(size);
    await choose(page, 'language', language);
    await choose(page, 'theme', 'light');
    await page.setViewportSize(phone);
    for (const [name, address, loaded] of pages()) {
      await open(address, loaded);
      await screenshots.take(page, `${language}-light-phone-${name}`);
    }
  }, 120_000);
});

it('the guide has every page in both languages and themes', async () => {
  const variants = ['en-light', 'en-dark', 'zh-CN-light', 'zh-CN-dark'];
  for (const [name] of pages()) {
    const taken = variants.map((variant) => `${variant}-${name}`);
    await screenshots.sheet(page, `page-${name}`, taken);
  }
  const guide = await readFile(new URL('../../../../docs/guides/console.md', import.meta.url), 'utf8');
  expect(pages().filter(([name]) => !guide.includes(`console/page-${name}.webp`))).toEqual([]);
}, 120_000);

it('no page reported an error or a policy violation', () => {
  expect(stand.problems).toEqual([]);
});
