import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seriousFaults } from '../accessibility.js';
import { ConsoleStand, patiently, visit } from './stand.js';

let stand: ConsoleStand;
let page: Page;

beforeAll(async () => {
  stand = await ConsoleStand.startWithImages('a token of the console');
  page = await stand.enter('ann', 'administrator');
});
afterAll(async () => {
  await stand?.stop();
});

/** A PNG of one pixel. */
const pixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==',
  'base64',
);

const choose = (buffer: Buffer, name: string, mimeType: string) =>
  page.setInputFiles('[name=picture]', { name, mimeType, buffer });

/** Posts a picture past the page. @returns the status and the code of the problem */
const post = (userId: number, content: string) =>
  page.evaluate(
    async ([path, picture]) => {
      const response = await fetch(path!, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-teamtalk-console': '1' },
        body: JSON.stringify({ picture }),
      });
      return [response.status, ((await response.json()) as { code?: string }).code];
    },
    [`/admin/v1/users/${userId}/picture`, Buffer.from(content, 'latin1').toString('base64')],
  );

it('uploads a picture of a user, shows it, and tells old clients at once', async () => {
  const ids = await stand.cluster.addUsers(['zoe', 'ben']);
  const ben = await stand.cluster.connect('ben');
  const told = new Promise((resolve) => ben.once('avatar', resolve));
  await visit(page, `users/${ids.zoe}`);
  await choose(pixel, 'zoe.png', 'image/png');
  await expect
    .poll(
      () => page.locator('img.photo').evaluate((image) => (image as { naturalWidth: number }).naturalWidth),
      patiently,
    )
    .toBe(1);
  const [{ avatar_url: url } = { avatar_url: '' }] = await stand.cluster.sql<{ avatar_url: string }>(
    'SELECT avatar_url FROM im_user WHERE id = $1',
    [ids.zoe],
  );
  expect(url.startsWith(`${stand.cluster.url('msfs')}/g0/`)).toBe(true);
  const served = await fetch(url);
  expect(served.headers.get('content-type')).toBe('image/jpeg');
  expect(await told).toEqual({ userId: ids.zoe, url });
  expect(await seriousFaults(page)).toEqual([]);
});

it('takes no SVG, no HTML and nothing that only has the name of an image', async () => {
  const { eve } = await stand.cluster.addUsers(['eve']);
  await visit(page, `users/${eve}`);
  await choose(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'eve.png', 'image/png');
  await page.getByText('The file is not a picture').waitFor();
  for (const content of ['<svg onload="alert(1)"/>', '<html></html>', 'BM', 'RIFF']) {
    expect(await post(eve, content), content).toEqual([422, 'not-a-picture']);
  }
  expect((await post(eve, `\xff\xd8\xff${'x'.repeat(185_000)}`))[0]).toBe(400);
  expect(await stand.cluster.sql('SELECT avatar_url FROM im_user WHERE id = $1', [eve])).toEqual([
    { avatar_url: '' },
  ]);
});

it('uploads a picture of a group', async () => {
  const ids = await stand.cluster.addUsers(['gus', 'gil']);
  const gus = await stand.cluster.connect('gus');
  const groupId = await gus.groups.create('team', [ids.gus, ids.gil]);
  await visit(page, `groups/${groupId}`);
  await choose(pixel, 'team.png', 'image/png');
  await page.locator('img.photo').waitFor();
  const [group] = await gus.groups.info([groupId]);
  expect(group?.groupAvatar).toMatch(/^http.*\.jpg$/);
});

it('no page reported an error or a policy violation', () => {
  expect(stand.problems).toEqual([]);
});
