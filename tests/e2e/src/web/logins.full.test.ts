import { ClientType, Commands, type Kicked, type TeamTalkClient } from '@teamtalk/client';
import { waitUntil } from '@teamtalk/local-stack';
import type { Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { noHarm, WebClientPage } from './web-client-page.js';
import { WebInstallation } from './web-installation.js';

let web: WebInstallation;
let laptop: WebClientPage;
let desk: WebClientPage;
let phone: TeamTalkClient;

beforeAll(async () => {
  web = await WebInstallation.start();
  await web.cluster.addUsers(['ann', 'ben']);
}, 120_000);
afterAll(() => web?.stop());

/** Ann in two browsers and on a phone, which may be on another msg_server than the browsers. */
beforeEach(async () => {
  [laptop, desk] = [
    await WebClientPage.open(web.browsers[0], web.url),
    await WebClientPage.open(web.browsers[1], web.url),
  ];
  await laptop.enter('ann');
  await desk.enter('ann');
  phone = await web.cluster.connect('ann', {
    server: 1,
    clientType: ClientType.ANDROID,
    clientVersion: '2.3',
  });
});
afterEach(async () => {
  for (const each of [laptop, desk]) {
    expect(await each.harm()).toEqual(noHarm);
    await each.page.evaluate('sessionStorage.clear()');
    await each.page.close();
  }
  await phone.close();
});

/** The list of logins in a page's settings. */
async function loginsIn(client: WebClientPage): Promise<Locator> {
  await client.page.getByRole('button', { name: 'Settings' }).click();
  const logins = client.page.getByRole('region', { name: 'Where you are logged in' });
  await logins.waitFor();
  return logins;
}

const kicked = (client: TeamTalkClient) => new Promise<Kicked>((resolve) => client.once('kicked', resolve));

it('a page lists the user’s logins, and logs a phone out', async () => {
  await phone.request(Commands.LoginReqDevicetoken, Commands.LoginResDevicetoken, {
    userId: 0,
    deviceToken: 'fcm:of-ann',
  });
  const logins = await loginsIn(laptop);
  const rows = logins.getByRole('listitem');
  await waitUntil(async () => (await rows.count()) === 3, { what: 'three logins' });
  expect(await rows.filter({ hasText: 'Web page' }).count()).toBe(2);
  expect(await rows.filter({ hasText: '(this page)' }).count()).toBe(1);
  const ofPhone = rows.filter({ hasText: 'Android 2.3' });
  expect(await ofPhone.textContent()).toContain('127.0.0.1, since ');
  const ended = kicked(phone);
  await logins.getByRole('button', { name: 'Log out there: Android 2.3' }).click();
  expect(await ended).toMatchObject({ reason: 1 });
  await waitUntil(async () => (await rows.count()) === 2, { what: 'two logins are left' });
  expect(await web.cluster.sql('SELECT FROM push_device')).toEqual([]);
});

it('a page that another page has logged out asks for the password', async () => {
  const logins = await loginsIn(laptop);
  const others = logins.getByRole('button', { name: /Log out there: Web page/ });
  await others.waitFor();
  expect(await others.count()).toBe(1);
  await others.click();
  await desk.page.getByText('You have logged out this page from another device.').waitFor();
  await desk.page.getByRole('button', { name: 'Log in here' }).click();
  await desk.page.locator('.login').waitFor();
  expect(await desk.page.inputValue('input[name=name]')).toBe('ann');
  await desk.page.reload();
  await desk.page.locator('.login').waitFor();
  await desk.enter('ann');
  await laptop.page.keyboard.press('Escape');
  await laptop.page.locator('.main-screen').waitFor();
});

it('a page ends all other logins, of its user only', async () => {
  const ben = await web.cluster.connect('ben');
  const pc = await web.cluster.connect('ann', { server: 1 });
  const logins = await loginsIn(laptop);
  const ended = Promise.all([kicked(phone), kicked(pc)]);
  await logins.getByRole('button', { name: 'Log out everywhere else' }).click();
  expect(await ended).toMatchObject([{ reason: 1 }, { reason: 1 }]);
  await desk.page.getByText('You have logged out this page from another device.').waitFor();
  const rows = logins.getByRole('listitem');
  await waitUntil(async () => (await rows.count()) === 1, { what: 'one login is left' });
  expect(await rows.textContent()).toContain('(this page)');
  expect(ben.isOnline).toBe(true);
  expect((await ben.logins.list()).map(({ clientClass }) => clientClass)).toEqual(['pc']);
  await ben.close();
});
