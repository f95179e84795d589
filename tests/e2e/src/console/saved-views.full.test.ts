import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seriousFaults } from '../accessibility.js';
import { ConsoleStand, choose, confirm, patiently, visit } from './stand.js';

let stand: ConsoleStand;
let page: Page;

beforeAll(async () => {
  stand = await ConsoleStand.start();
  await stand.cluster.addUsers(['quinn', 'quincy', 'rita']);
  await stand.cluster.sql(`UPDATE im_user SET status = 3 WHERE name = 'quincy'`);
  page = await stand.enter('ann', 'viewer');
});
afterAll(async () => {
  await stand?.stop();
});

const dialog = () => page.locator('dialog[open]');
const headings = () => page.locator('thead th').allTextContents();

async function name(text: string): Promise<void> {
  await dialog().locator('[name=view_name]').fill(text);
  await dialog().getByRole('button', { name: 'Save' }).click();
}

it('saves search, filters and columns under a name, and shows them again in another browser', async () => {
  await visit(page, 'users');
  await page.fill('[name=text]', 'quin');
  await choose(page, 'status', 'all');
  await page.getByText('Columns').click();
  await page.getByLabel('Telephone').uncheck();
  await expect.poll(headings, patiently).toEqual(['User', 'ID', 'Department', 'E-mail', 'Status']);
  await expect.poll(() => page.locator('tbody tr').count(), patiently).toBe(2);
  expect(await seriousFaults(page)).toEqual([]);
  await page.getByRole('button', { name: 'Save view' }).click();
  await name('all named quin');
  await dialog().waitFor({ state: 'detached' });

  await visit(page, 'groups');
  const other = await stand.open('/#/users');
  await expect.poll(() => other.locator('tbody tr').count(), patiently).toBe(2);
  await other.selectOption('select[name=view]', { label: 'all named quin' });
  await expect.poll(() => other.inputValue('[name=text]'), patiently).toBe('quin');
  await expect
    .poll(() => other.locator('thead th').allTextContents(), patiently)
    .toEqual(['User', 'ID', 'Department', 'E-mail', 'Status']);
  await expect.poll(() => other.locator('tbody tr').allTextContents(), patiently).toHaveLength(2);
  expect(await other.locator('tbody').textContent()).toContain('has left');
  await other.close();
});

it('renames and removes a view; a name is there once', async () => {
  await visit(page, 'users');
  await page.getByRole('button', { name: 'Save view' }).click();
  await name('all named quin');
  await dialog().getByText('This name is already taken.').waitFor();
  await page.keyboard.press('Escape');
  await page.selectOption('select[name=view]', { label: 'all named quin' });
  await page.getByRole('button', { name: 'Rename view' }).click();
  await name('<b>quin</b>');
  await dialog().waitFor({ state: 'detached' });
  await expect
    .poll(() => page.locator('select[name=view]').textContent(), patiently)
    .toContain('<b>quin</b>');
  await page.getByRole('button', { name: 'Remove view' }).click();
  expect(await confirm(page)).toContain('<b>quin</b>');
  await expect.poll(() => page.locator('select[name=view] option').count(), patiently).toBe(1);
});

it('has at most 50, of the account itself, and fits a phone', async () => {
  const save = (count: number) =>
    page.evaluate(async (upTo) => {
      const view = { text: '', department_id: null, status: 'present', columns: [] };
      const codes: unknown[] = [];
      for (let at = 0; at < upTo; ) {
        const response = await fetch('/admin/v1/saved-views', {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'x-teamtalk-console': '1' },
          body: JSON.stringify({ name: `view ${at}`, ...view }),
        });
        const { code } = (await response.json()) as { code?: string };
        // The pace of changes is not what this is about.
        if (response.status === 429) continue;
        codes.push(code ?? response.status);
        at++;
      }
      return codes;
    }, count);
  expect(await save(51)).toEqual([...Array.from({ length: 50 }, () => 201), 'too-many-views']);
  await page.setViewportSize({ width: 390, height: 844 });
  await page.reload();
  await page.locator('tbody tr').first().waitFor();
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
  const ben = await stand.enter('ben', 'viewer');
  await visit(ben, 'users');
  await ben.locator('tbody tr').first().waitFor();
  expect(await ben.locator('select[name=view] option').count()).toBe(1);
});

it('no page reported an error or a policy violation', () => {
  expect(stand.problems).toEqual([]);
});
