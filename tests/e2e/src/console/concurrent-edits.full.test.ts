import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ConsoleStand, visit } from './stand.js';

let stand: ConsoleStand;
let page: Page;

beforeAll(async () => {
  stand = await ConsoleStand.start();
  page = await stand.enter('ann', 'administrator');
});
afterAll(async () => {
  await stand?.stop();
});

const dialog = () => page.locator('dialog[open]');

/** Saves while somebody else has changed something. @returns what the page says they have changed */
async function refused(): Promise<string | null> {
  await dialog().getByRole('button', { name: 'Save' }).click();
  await dialog().getByText('It was not saved').waitFor();
  return dialog().locator('.changes').textContent();
}

async function saved(): Promise<void> {
  await dialog().getByRole('button', { name: 'Save' }).click();
  await dialog().waitFor({ state: 'detached' });
}

it('a department', async () => {
  await stand.cluster.sql(`INSERT INTO department (name) VALUES ('Sales')`);
  await visit(page, 'departments');
  await page.getByRole('button', { name: 'Edit: Sales' }).click();
  await stand.cluster.sql(`UPDATE department SET priority = 7`);
  await dialog().locator('[name=name]').fill('Sales East');
  expect(await refused()).toBe('Order 0 → 7');
  expect(await dialog().locator('[name=name]').inputValue()).toBe('Sales East');
  await saved();
  expect(await stand.cluster.sql('SELECT name, priority FROM department')).toEqual([
    { name: 'Sales East', priority: 7 },
  ]);
});

it('a discovery page', async () => {
  await stand.cluster.sql(`INSERT INTO discovery_item (name, url) VALUES ('wiki', 'http://wiki/')`);
  await visit(page, 'discovery');
  await page.getByRole('button', { name: 'Edit: wiki' }).click();
  await stand.cluster.sql(`UPDATE discovery_item SET name = 'Wiki'`);
  await dialog().locator('[name=url]').fill('http://wiki.example/');
  expect(await refused()).toBe('Name wiki → Wiki');
  await saved();
  expect(await stand.cluster.sql('SELECT name, url FROM discovery_item')).toEqual([
    { name: 'Wiki', url: 'http://wiki.example/' },
  ]);
});

it('a group, and only for what the form has', async () => {
  const ids = await stand.cluster.addUsers(['gus', 'gil', 'gia']);
  const gus = await stand.cluster.connect('gus');
  const groupId = await gus.groups.create('team', [ids.gus!, ids.gil!]);
  await visit(page, `groups/${groupId}`);
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  await stand.cluster.sql(`UPDATE chat_group SET name = 'crew', version = version + 1`);
  await dialog().locator('[name=name]').fill('squad');
  expect(await refused()).toBe('Name team → crew');
  await saved();
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  await stand.cluster.sql('UPDATE chat_group SET version = version + 1');
  await dialog().locator('[name=name]').fill('band');
  await saved();
  await page.getByRole('heading', { name: 'band' }).waitFor();
});

it('is refused with 409 by the API, and only when the caller says what they have read', async () => {
  const { zed } = await stand.cluster.addUsers(['zed']);
  const patch = (body: object) =>
    page.evaluate(
      async ([path, text]) => {
        const response = await fetch(path!, {
          method: 'PATCH',
          headers: { 'content-type': 'application/json', 'x-teamtalk-console': '1' },
          body: text!,
        });
        return [response.status, ((await response.json()) as { code?: string }).code];
      },
      [`/admin/v1/users/${zed}`, JSON.stringify(body)],
    );
  expect(await patch({ tel: '1', expected: { tel: '', email: '' } })).toEqual([200, undefined]);
  expect(await patch({ tel: '2', expected: { tel: '' } })).toEqual([409, 'changed-meanwhile']);
  expect(await patch({ tel: '3' })).toEqual([200, undefined]);
});
