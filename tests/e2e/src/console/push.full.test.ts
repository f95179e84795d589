import { randomBytes } from 'node:crypto';
import { type ApnsStand, startApns } from '@teamtalk/local-stack';
import { ClientType, Commands } from '@teamtalk/protocol';
import { SecretKeys } from '@teamtalk/service-kit';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seriousFaults } from '../accessibility.js';
import { tokenOf } from '../push-stand.js';
import { ConsoleStand, choose, confirm, visit } from './stand.js';

const newKey = () => randomBytes(32).toString('hex');
const formerSecret = newKey();
const formerKey = new SecretKeys(formerSecret);

let stand: ConsoleStand;
let apns: ApnsStand;
let page: Page;
let ids: Record<'ann' | 'ben' | 'cat', number>;

beforeAll(async () => {
  apns = await startApns();
  const PUSH_CREDENTIALS_KEY = `${newKey()},${formerSecret}`;
  const push_server = { ...apns.server, PUSH_CREDENTIALS_KEY };
  stand = await ConsoleStand.start({}, {}, { push_server: 1, envOf: { push_server } });
  const { cluster } = stand;
  await cluster.sql(`INSERT INTO department (id, name) VALUES (7, 'Works')`);
  ids = await cluster.addUsers(['ann', 'ben', 'cat']);
  await cluster.sql('UPDATE im_user SET department_id = 7 WHERE id = $1', [ids.ann]);
  for (const name of ['ann', 'ben']) {
    const phone = await cluster.connect(name, { clientType: ClientType.IOS });
    const request = { userId: 0, deviceToken: tokenOf(name) };
    await phone.request(Commands.LoginReqDevicetoken, Commands.LoginResDevicetoken, request);
    await phone.close();
  }
  page = await stand.enter();
});
afterAll(async () => {
  await stand?.stop();
  await apns?.apns.close();
});

const press = (name: string) => page.getByRole('button', { name, exact: true }).click();
const row = (text: string) => page.locator('tbody tr', { hasText: text });

/** Sends a test push to the only phone of a user. @returns what the console says of it */
async function test(on: Page, userId: number): Promise<string> {
  await visit(on, `push/${userId}`);
  await on.getByRole('button', { name: /^Send test push/ }).click();
  await on.locator('dialog[open] button.main', { hasText: 'Send test push' }).click();
  const close = on.getByRole('button', { name: 'Close', exact: true });
  await close.waitFor();
  const said = (await on.locator('dialog[open]').textContent()) ?? '';
  await close.click();
  await on.locator('dialog[open]').waitFor({ state: 'detached' });
  return said;
}

const banner = (name: string) =>
  [...apns.apns.banners.values()].find(({ token }) => token === tokenOf(name))?.payload.aps.alert?.body;

it('says that a provider has no credential', async () => {
  await visit(page, 'push');
  await row('apns').getByText('none stored').waitFor();
  expect(await row('apns').textContent()).toContain('2');
  expect(await test(page, ids.ann)).toContain('push_server has no credential for this provider.');
});

it('stores a credential, which is checked and encrypted', async () => {
  await visit(page, 'push');
  await press('Add credential');
  const dialog = page.locator('dialog[open]');
  await choose(page, 'provider', 'apns');
  await dialog.locator('[name=keyId]').fill(apns.key.APNS_KEY_ID);
  await dialog.locator('[name=teamId]').fill(apns.key.APNS_TEAM_ID);
  await dialog.locator('[name=topic]').fill(apns.key.APNS_TOPIC);
  await dialog.locator('[name=secret]').fill('not a key');
  await press('Save');
  await dialog.getByText('the credential cannot be used').waitFor();
  expect(await seriousFaults(page)).toEqual([]);
  await dialog.locator('[name=secret]').fill(apns.key.APNS_KEY);
  await press('Save');
  await page.getByText('The credential of apns was stored.').waitFor();
  await row('apns').getByText(`key ${apns.key.APNS_KEY_ID}`).waitFor();
  const [stored] = await stand.cluster.sql<{ text: string }>(
    `SELECT encode(sealed, 'escape') AS text FROM push_credential`,
  );
  expect(stored?.text).not.toContain('PRIVATE KEY');
});

it('a test push reaches the phone, and the provider’s answer is shown', async () => {
  await expect.poll(() => test(page, ids.ann), { timeout: 30_000 }).toContain('The provider has accepted it');
  expect(banner('ann')).toMatch(/测试|test/);
  apns.apns.misbehaviours.push({ status: 410, reason: 'Unregistered' });
  expect(await test(page, ids.ben)).toContain('Unregistered');
  expect(banner('ben')).toBeUndefined();
  // A test changes nothing: the device stays as it was.
  await visit(page, `users/${ids.ben}`);
  await page.getByText('working', { exact: true }).waitFor();
  await page.getByRole('link', { name: 'Why did it not ring?' }).click();
  await page.getByText('No pushes').waitFor();
});

it('shows what to do for a user without a phone', async () => {
  await visit(page, `push/${ids.cat}`);
  await page.getByText('No phones yet').waitFor();
  expect(await page.getByRole('button', { name: /Send test push/ }).count()).toBe(0);
});

it('re-encrypts credentials after a change of the key', async () => {
  await stand.cluster.sql('DELETE FROM push_credential');
  const { keyId, bytes } = formerKey.seal('xiaomi', JSON.stringify({ XIAOMI_APP_SECRET: 'secret' }));
  const values = ['xiaomi', 'for any package', keyId, bytes];
  const insert =
    'INSERT INTO push_credential (provider, description, key_id, sealed) VALUES ($1, $2, $3, $4)';
  await stand.cluster.sql(insert, values);
  await visit(page, 'push');
  await page.reload();
  await row('xiaomi').getByText(keyId).waitFor();
  await press('Re-encrypt credentials');
  await confirm(page);
  await page.getByText('Credentials re-encrypted: 1.').waitFor();
  await row('xiaomi').getByText(keyId).waitFor({ state: 'detached' });
});

it('removes a credential', async () => {
  await visit(page, 'push');
  await page.getByRole('button', { name: 'Remove: xiaomi' }).click();
  expect(await confirm(page)).toContain('xiaomi');
  await row('xiaomi').waitFor({ state: 'detached' });
  await expect.poll(() => test(page, ids.ann), { timeout: 30_000 }).toContain('has no credential');
});

it('nothing secret is in the audit, and each change is one event', async () => {
  const audit = await stand.cluster.sql<{ verb: string; text: string }>(
    `SELECT verb, e::text AS text FROM audit_event e WHERE verb ~ '^(credential|device)\\.' ORDER BY id`,
  );
  expect(audit.filter(({ verb }) => verb !== 'device.test').map(({ verb }) => verb)).toEqual([
    'credential.set',
    'credential.rotate',
    'credential.remove',
  ]);
  expect(audit.filter(({ verb }) => verb === 'device.test').length).toBeGreaterThanOrEqual(4);
  for (const { text } of audit) {
    expect(text).not.toContain('PRIVATE KEY');
    expect(text).not.toContain(tokenOf('ann'));
  }
});

// Must be last: they replace the browser's cookie.
it('the help desk tests phones but sees no providers; a department administrator tests those of the department', async () => {
  const helper = await stand.enter('hal', 'help_desk');
  await visit(helper, 'push');
  await helper.locator('[name=find-user]').waitFor();
  expect(await helper.getByText('Providers').count()).toBe(0);
  expect(await test(helper, ids.ann)).toContain('has no credential');
  await helper.close();
  const local = await stand.enter('dan', 'department_administrator', 7);
  expect(await test(local, ids.ann)).toContain('has no credential');
  await visit(local, `push/${ids.ben}`);
  await local.locator('[role=alert]').first().waitFor();
  expect(await local.getByRole('button', { name: /Send test push/ }).count()).toBe(0);
  await local.close();
});

it('no page reported an error or a policy violation', () => {
  expect(stand.problems).toEqual([]);
});
