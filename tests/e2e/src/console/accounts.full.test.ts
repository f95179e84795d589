import { consoleHeader } from '@teamtalk/admin_server';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { OidcProvider } from '../oidc-provider.js';
import { codeOf } from '../one-time-code.js';
import { ConsoleStand, choosePassword, confirm, consolePassword, logIn, patiently, visit } from './stand.js';

let provider: OidcProvider;
let stand: ConsoleStand;
let page: Page;

beforeAll(async () => {
  provider = await OidcProvider.start();
  const env = { OIDC_ISSUER: provider.issuer };
  const admin = {
    ...env,
    OIDC_CLIENT_ID: provider.clientId,
    OIDC_CLIENT_SECRET: provider.clientSecret,
    OIDC_NAME: 'Company',
  };
  stand = await ConsoleStand.start(
    { ...env, CONSOLE_SECOND_FACTOR_ROLES: 'auditor', LOGIN_MAX_FAILURES: '3' },
    admin,
  );
  page = await stand.enter();
});
afterAll(async () => {
  await stand?.stop();
  await provider?.stop();
});

/** Sets up two-step login up to the recovery codes. @returns the displayed secret */
async function begin(on: Page): Promise<string> {
  const card = on.locator('.card, .gate-card', { hasText: 'Two-step login' });
  await card.locator('[name=current]').fill(consolePassword);
  await card.getByRole('button', { name: 'Set up' }).click();
  await on.getByRole('img', { name: 'QR code for your authenticator app' }).waitFor();
  return (await on.getByTestId('secret').textContent()) ?? '';
}

/** Makes used codes valid again, so that a test need not wait for the next one. */
const freshCodes = () => stand.cluster.sql('UPDATE console_second_factor SET last_step = 0');

let secret = '';
let recoveryCode = '';

it('sets up two-step login by a QR code that contains the displayed secret', async () => {
  await visit(page, 'own');
  secret = await begin(page);
  expect(secret).toMatch(/^([A-Z2-7]{4} ){7}[A-Z2-7]{4}$/);
  await page.fill('[name=code]', '000000');
  await page.getByRole('button', { name: 'Turn on' }).click();
  await page.getByText('The code is wrong or has already been used').waitFor();
  await page.fill('[name=code]', codeOf(secret));
  await page.getByRole('button', { name: 'Turn on' }).click();
  const codes = ((await page.getByTestId('shown-once').textContent()) ?? '').split('\n');
  expect(codes).toHaveLength(10);
  recoveryCode = codes[0] ?? '';
  await page.getByRole('button', { name: 'I have saved it' }).click();
  await page.getByText('A login needs a code from your authenticator app').waitFor();
  expect(await page.content()).not.toContain(recoveryCode);
});

it('asks for a code after the password, and keeps the input', async () => {
  await freshCodes();
  await page.getByRole('button', { name: 'Log out' }).click();
  await logIn(page, 'admin');
  await page.locator('[name=code]').waitFor();
  expect(await page.inputValue('[name=password]')).toBe(consolePassword);
  expect(await page.getByRole('alert').count()).toBe(0);
  await page.fill('[name=code]', '000000');
  await page.click('button[type=submit]');
  await page.getByText('The code is wrong or has already been used').waitFor();
  await page.fill('[name=code]', codeOf(secret));
  await page.click('button[type=submit]');
  await page.locator('nav').waitFor();
});

it('a recovery code works once, and the audit shows it', async () => {
  await page.getByRole('button', { name: 'Log out' }).click();
  await logIn(page, 'admin');
  await page.fill('[name=code]', recoveryCode);
  await page.click('button[type=submit]');
  await page.locator('nav').waitFor();
  await visit(page, 'audit');
  await page.locator('tbody tr', { hasText: 'recovery-code' }).first().waitFor();
});

it('a link for a new password also requires a code', async () => {
  await freshCodes();
  const other = await stand.open(await stand.setupLink('admin'));
  await choosePassword(other);
  await other.locator('[name=code]').waitFor();
  await other.fill('[name=code]', codeOf(secret));
  await other.click('button[type=submit]');
  await other.getByRole('heading', { name: 'Overview' }).waitFor();
  await other.close();
});

it('asks for a code in the login dialog after the session has ended', async () => {
  await stand.browser.clearCookies();
  await visit(page, 'own');
  const dialog = page.locator('dialog[open]');
  await dialog.locator('[name=password]').fill(consolePassword);
  await dialog.getByRole('button', { name: 'Log in' }).click();
  await freshCodes();
  await dialog.locator('[name=code]').fill(codeOf(secret));
  await dialog.getByRole('button', { name: 'Log in' }).click();
  await dialog.waitFor({ state: 'detached' });
});

it('a role that requires two-step login sees nothing before it is set up', async () => {
  const auditor = await stand.open(await stand.setupLink('otto', 'auditor'));
  await choosePassword(auditor);
  await auditor.getByText('Your role requires it').waitFor();
  expect(await auditor.locator('nav').count()).toBe(0);
  const shown = await begin(auditor);
  await auditor.fill('[name=code]', codeOf(shown));
  await auditor.getByRole('button', { name: 'Turn on' }).click();
  await auditor.getByRole('button', { name: 'I have saved it' }).click();
  await auditor.getByRole('heading', { name: 'Overview' }).waitFor();
  await auditor.close();
  await stand.browser.clearCookies();
});

it('an owner resets the two-step login of a user who has lost their phone', async () => {
  await freshCodes();
  await page.reload();
  await logIn(page, 'admin');
  await page.fill('[name=code]', codeOf(secret));
  await page.click('button[type=submit]');
  await visit(page, 'accounts');
  const row = page.locator('tbody tr', { hasText: 'otto' });
  await row.locator('.badge', { hasText: 'Two-step login' }).waitFor();
  await page.getByRole('button', { name: 'Reset two-step login: otto' }).click();
  expect(await confirm(page)).toContain('otto');
  await expect.poll(() => row.textContent(), patiently).not.toContain('Two-step login');
  // Turning off one's own requires a code.
  expect(await page.getByRole('button', { name: 'Reset two-step login: admin' }).count()).toBe(0);
});

it('a code is required to turn it off and to create new recovery codes', async () => {
  await visit(page, 'own');
  await freshCodes();
  await page.getByRole('button', { name: 'New recovery codes' }).click();
  const dialog = page.locator('dialog[open]');
  await dialog.locator('[name=code]').fill(codeOf(secret));
  await dialog.locator('button.main').click();
  await page.getByTestId('shown-once').waitFor();
  expect(await page.getByTestId('shown-once').textContent()).not.toContain(recoveryCode);
  await page.getByRole('button', { name: 'I have saved it' }).click();
  await freshCodes();
  await page.getByRole('button', { name: 'Turn off' }).click();
  await dialog.locator('[name=code]').fill(codeOf(secret));
  await dialog.locator('button.main').click();
  await page.getByRole('button', { name: 'Set up' }).waitFor();
});

it('shows users who are locked out after failed logins, and unlocks them', async () => {
  const { dora = 0 } = await stand.cluster.addUsers(['dora']);
  for (let i = 0; i < 3; i++) {
    await expect(stand.cluster.connect('dora', { password: 'guessed' })).rejects.toThrow();
  }
  await expect(stand.cluster.connect('dora')).rejects.toThrow();
  await visit(page, `users/${dora}`);
  const failures = page.locator('section', { hasText: 'Failed logins' });
  await failures.locator('tbody tr', { hasText: 'locked out' }).waitFor();
  await failures.getByRole('button', { name: 'Unlock' }).click();
  expect(await confirm(page)).toContain('dora');
  await failures.getByText('No failed logins').waitFor();
  await (await stand.cluster.connect('dora')).close();
});

/** Logs in from another browser, whose response has the cookie. */
async function logInElsewhere(name: string, password = consolePassword): Promise<Response> {
  return fetch(`${stand.url}/admin/v1/session`, {
    method: 'POST',
    headers: {
      origin: stand.url,
      [consoleHeader]: '1',
      'content-type': 'application/json',
      'user-agent': 'Another browser',
    },
    body: JSON.stringify({ name, password }),
  });
}

it('shows a console account that is locked out, and unlocks it', async () => {
  const lena = await stand.open(await stand.setupLink('lena', 'viewer'));
  await choosePassword(lena);
  await lena.locator('nav').waitFor();
  await lena.getByRole('button', { name: 'Log out' }).click();
  await logIn(lena, 'admin');
  await lena.locator('nav').waitFor();
  await lena.close();
  for (let i = 0; i < 3; i++) await logInElsewhere('lena', 'guessed');
  expect((await logInElsewhere('lena')).status).toBe(429);
  await visit(page, 'own');
  await visit(page, 'accounts');
  const row = page.locator('tbody tr', { hasText: 'lena' });
  await row.getByText('locked out').waitFor();
  await page.getByRole('button', { name: 'Unlock: lena' }).click();
  expect(await confirm(page)).toContain('lena');
  await row.getByText('active').waitFor();
  expect((await logInElsewhere('lena')).status).toBe(200);
});

it('shows the own sessions, and ends one; a new password ends all others', async () => {
  const cookieOf = (response: Response) => response.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const isOpen = async (cookie: string) =>
    (await fetch(`${stand.url}/admin/v1/session`, { headers: { cookie } })).status === 200;
  const first = cookieOf(await logInElsewhere('admin'));
  await visit(page, 'about');
  await visit(page, 'own');
  const rows = page.locator('tbody tr', { hasText: 'Another browser' });
  await expect.poll(() => rows.count(), patiently).toBe(1);
  await page.locator('tbody tr', { hasText: 'this session' }).waitFor();
  await rows.getByRole('button', { name: /^End session/ }).click();
  expect(await confirm(page)).toContain('Another browser');
  await expect.poll(() => rows.count(), patiently).toBe(0);
  expect(await isOpen(first)).toBe(false);

  const other = cookieOf(await logInElsewhere('admin'));
  expect(await isOpen(other)).toBe(true);
  const form = page.locator('form', { hasText: 'New password' });
  await form.locator('[name=current]').fill('wrong');
  await form.locator('[name=password]').fill(`${consolePassword} two`);
  await form.locator('[name=again]').fill(`${consolePassword} two`);
  await form.getByRole('button', { name: 'Change password' }).click();
  await form.getByRole('alert').waitFor();
  await form.locator('[name=current]').fill(consolePassword);
  await form.getByRole('button', { name: 'Change password' }).click();
  await page.getByText('your other sessions have ended').waitFor();
  expect(await isOpen(other)).toBe(false);
  expect((await logInElsewhere('admin', `${consolePassword} two`)).status).toBe(200);
});

it('a department administrator sees and changes one department and its children', async () => {
  const addDepartment = async (name: string, parentId = 0): Promise<number> => {
    const text = 'INSERT INTO department (name, parent_id) VALUES ($1, $2) RETURNING id';
    return (await stand.cluster.sql<{ id: number }>(text, [name, parentId]))[0]?.id ?? 0;
  };
  const sales = await addDepartment('Sales');
  const [north, labs] = [await addDepartment('North', sales), await addDepartment('Labs')];
  const { ida = 0, lee = 0 } = await stand.cluster.addUsers(['ida', 'lee']);
  const put = 'UPDATE im_user SET department_id = $2 WHERE id = $1';
  await stand.cluster.sql(put, [ida, north]);
  await stand.cluster.sql(put, [lee, labs]);
  const eve = await stand.enter('eve', 'department_administrator', sales);
  const entries = ['Users', 'Departments', 'Push', 'Own account', 'About'];
  expect(await eve.locator('nav a').allTextContents()).toEqual(entries);
  // Without an overview, the first page is the list of users, limited to the department.
  await eve.getByRole('heading', { name: 'Users' }).waitFor();
  const rows = eve.locator('tbody tr');
  await expect.poll(() => rows.count(), patiently).toBe(1);
  await rows.getByRole('link', { name: /ida/ }).click();
  await eve.getByRole('button', { name: 'Edit' }).click();
  const select = eve.locator('[name=department_id]');
  expect(await select.locator('option').allTextContents()).toEqual(['Sales', 'Sales / North']);
  await select.selectOption({ label: 'Sales' });
  await eve.getByRole('button', { name: 'Save' }).click();
  await eve.locator('dd', { hasText: /^Sales$/ }).waitFor();
  await visit(eve, `users/${lee}`);
  await eve.getByText('It does not exist').waitFor();

  await visit(eve, 'departments');
  const names = () => eve.locator('.tree .name').allTextContents();
  await expect.poll(names, patiently).toEqual(['Sales', 'North']);
  expect(await eve.getByRole('button', { name: 'New department' }).count()).toBe(0);
  expect(await eve.getByRole('button', { name: 'Delete: Sales' }).count()).toBe(0);
  await eve.getByRole('button', { name: 'Add below: North' }).click();
  await eve.locator('dialog [name=name]').fill('Coast');
  await eve.getByRole('button', { name: 'Add department' }).click();
  await expect.poll(names, patiently).toEqual(['Sales', 'North', 'Coast']);
  await visit(eve, 'accounts');
  await eve.getByText('Your role does not allow this').waitFor();
  await eve.close();
});

it('signs on through the company’s provider, or shows why it failed', async () => {
  await stand.browser.clearCookies();
  const signer = await stand.open('/');
  const signOn = () => signer.getByRole('link', { name: 'Sign on with Company' }).click();
  await signOn();
  await signer.getByText('there is no account for you in this console').waitFor();
  expect(signer.url()).toBe(`${stand.url}/`);
  provider.fault = 'declines';
  await signOn();
  await signer.getByText('The provider did not let you in').waitFor();
  provider.fault = 'none';
  await stand.setupLink('signer', 'auditor', undefined, 'ann@example.com');
  await signOn();
  await signer.getByRole('heading', { name: 'Overview' }).waitFor();
  await visit(signer, 'own');
  await signer.getByText('You signed on through your company’s provider').waitFor();
  await visit(signer, 'accounts');
  await signer.locator('tbody tr', { hasText: 'ann@example.com' }).getByText('active').waitFor();
  await signer.close();
});

it('no page reported an error or a policy violation', () => {
  expect(stand.problems).toEqual([]);
});
