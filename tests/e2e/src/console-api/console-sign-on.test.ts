import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { OidcProvider } from '../oidc-provider.js';
import { ConsoleStand, consolePassword } from './console-stand.js';

let provider: OidcProvider;
let stand: ConsoleStand;
const origin = 'https://console.example.com';

beforeAll(async () => {
  provider = await OidcProvider.start();
  stand = await ConsoleStand.start(
    {
      CONSOLE_ORIGIN: origin,
      OIDC_ISSUER: provider.issuer,
      OIDC_CLIENT_ID: provider.clientId,
      OIDC_CLIENT_SECRET: provider.clientSecret,
      OIDC_NAME: 'Company',
      OIDC_ROLE_CLAIM: 'roles',
    },
    { OIDC_ISSUER: provider.issuer, CONSOLE_SECOND_FACTOR_ROLES: 'auditor' },
  );
});
afterAll(async () => {
  await stand?.cluster.stop();
  await provider?.stop();
});

let people = 0;

beforeEach(() => {
  provider.fault = 'none';
  const number = ++people;
  const email = `person${number}@example.com`;
  provider.claims = { sub: `subject-${number}`, email, email_verified: true, roles: ['viewer'] };
});

/** A browser that signs on. */
class Browser {
  readonly cookies = new Map<string, string>();

  /** @returns where it is sent */
  async go(url: string): Promise<URL> {
    // The provider knows the console by its public address.
    const here = url.replace(origin, stand.cluster.url('admin_server'));
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(here, { redirect: 'manual', headers: { cookie } });
    expect([302, 303]).toContain(response.status);
    for (const each of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(each) ?? [];
      if (value === '') this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return new URL(response.headers.get('location') ?? '', url);
  }

  /** Up to where the provider sends it back. */
  async authorize(): Promise<URL> {
    const there = await this.go(`${origin}/admin/v1/sign-on`);
    return this.go(there.href);
  }

  /** @returns how it ended: empty when there is a session */
  async signOn(): Promise<string | null> {
    const there = await this.go(`${origin}/admin/v1/sign-on`);
    if (there.origin === origin) return there.searchParams.get('sign-on');
    return this.finish(await this.go(there.href));
  }

  async finish(back: URL): Promise<string | null> {
    return (await this.go(back.href)).searchParams.get('sign-on');
  }

  /** Who is logged in. */
  async me() {
    const client = stand.client();
    client.cookie = `teamtalk-console=${this.cookies.get('teamtalk-console') ?? ''}`;
    return (await client.call('getSession')).body;
  }
}

const emailOf = () => String(provider.claims.email);
const verbsSince = async (id: number) => (await stand.eventsSince(id)).map(({ verb }) => verb);

it('goes to the provider with PKCE, a state and a nonce', async () => {
  const there = await new Browser().go(`${origin}/admin/v1/sign-on`);
  expect(there.origin).toBe(provider.issuer);
  const query = Object.fromEntries(there.searchParams);
  expect(query).toMatchObject({
    client_id: 'console',
    redirect_uri: `${origin}/admin/v1/sign-on/callback`,
    response_type: 'code',
    scope: 'openid email profile',
    code_challenge_method: 'S256',
  });
  for (const name of ['code_challenge', 'state', 'nonce']) expect(query[name]).toMatch(/^[\w-]{43}$/);
  expect((await stand.client().call('getSignOn')).body).toEqual({ name: 'Company' });
});

it('lets in whoever an account was made for, by the address once and by the subject from then on', async () => {
  await stand.invite('signer', 'viewer', emailOf().toUpperCase());
  const before = await stand.newestEvent();
  const browser = new Browser();
  expect(await browser.signOn()).toBeNull();
  expect(await browser.me()).toMatchObject({ name: 'signer', role: 'viewer', second_factor: 'elsewhere' });
  expect(await verbsSince(before)).toEqual(['account.link', 'account.log-in']);
  // Another address is the same person; the same address of somebody else is not.
  provider.claims = { ...provider.claims, email: 'married@example.com' };
  expect(await new Browser().signOn()).toBeNull();
  provider.claims = { ...provider.claims, email: emailOf(), sub: 'somebody-else' };
  expect(await new Browser().signOn()).toBe('not-invited');
});

it('lets nobody in who was not invited, or whose address is not verified', async () => {
  expect(await new Browser().signOn()).toBe('not-invited');
  await stand.invite('unverified', 'viewer', emailOf());
  provider.claims = { ...provider.claims, email_verified: false };
  expect(await new Browser().signOn()).toBe('not-invited');
  const { email_verified: _, ...silent } = provider.claims;
  provider.claims = silent;
  expect(await new Browser().signOn()).toBe('not-invited');
});

it('a disabled account stays out, and another address makes it somebody else’s', async () => {
  const owner = await stand.member('owner', undefined, origin);
  await stand.invite('leaver', 'viewer', emailOf());
  expect(await new Browser().signOn()).toBeNull();
  const { accounts } = await owner.done('listAccounts');
  const account = accounts.find(({ name }: { name: string }) => name === 'leaver');
  expect(account).toMatchObject({ email: emailOf(), signs_on: true, set_up: false });
  const params = { account_id: account.account_id };
  await owner.done('changeAccount', { params, body: { disabled: true } });
  expect(await new Browser().signOn()).toBe('refused');
  await owner.done('changeAccount', { params, body: { disabled: false, email: 'successor@example.com' } });
  expect(await new Browser().signOn()).toBe('not-invited');
  provider.claims = { ...provider.claims, sub: 'successor', email: 'successor@example.com' };
  expect(await new Browser().signOn()).toBeNull();
});

it('another address ends the sessions of whoever has signed on before, and no others', async () => {
  const owner = await stand.member('owner', undefined, origin);
  const token = await stand.invite('handed on', 'viewer', emailOf());
  const byPassword = stand.client();
  byPassword.origin = origin;
  await byPassword.done('setUp', { body: { token, password: consolePassword } });
  const browser = new Browser();
  expect(await browser.signOn()).toBeNull();
  const { accounts } = await owner.done('listAccounts');
  const { account_id } = accounts.find(({ name }: { name: string }) => name === 'handed on');
  await owner.done('changeAccount', { params: { account_id }, body: { email: 'next@example.com' } });
  expect(await browser.me()).toMatchObject({ status: 401 });
  expect((await byPassword.call('getSession')).status).toBe(200);
});

it('an address is another one where only Unicode takes its letters for the same', async () => {
  await stand.invite('brook', 'viewer', `kim${people}@example.com`);
  provider.claims = { ...provider.claims, email: `\u212Aim${people}@example.com` };
  expect(await new Browser().signOn()).toBe('not-invited');
  provider.claims = { ...provider.claims, email: `Kim${people}@Example.com` };
  expect(await new Browser().signOn()).toBeNull();
});

it('takes the role from the claim, but not that of the last owner with a password', async () => {
  await stand.invite('riser', 'viewer', emailOf());
  provider.claims = { ...provider.claims, roles: ['auditor', 'unknown'] };
  const before = await stand.newestEvent();
  const browser = new Browser();
  expect(await browser.signOn()).toBeNull();
  // A second factor is the provider's matter.
  expect(await browser.me()).toMatchObject({ role: 'auditor', second_factor: 'elsewhere' });
  expect(await verbsSince(before)).toEqual(['account.link', 'account.change', 'account.log-in']);
  for (const roles of [['king'], 'department_administrator', [], undefined]) {
    provider.claims = { ...provider.claims, roles };
    expect(await new Browser().signOn(), String(roles)).toBe('no-role');
  }
});

it.each([
  ['declines', 'declined'],
  ['other-nonce', 'invalid'],
  ['other-key', 'invalid'],
  ['other-audience', 'invalid'],
  ['expired', 'invalid'],
] as const)('a provider that has the fault %s lets nobody in: %s', async (fault, outcome) => {
  await stand.invite(`victim of ${fault}`, 'viewer', emailOf());
  provider.fault = fault;
  const browser = new Browser();
  expect(await browser.signOn()).toBe(outcome);
  expect(browser.cookies.has('teamtalk-console')).toBe(false);
});

it('what comes back has to belong to this browser, and is good once', async () => {
  await stand.invite('careful', 'viewer', emailOf());
  const [mine, other] = [new Browser(), new Browser()];
  const back = await mine.authorize();
  expect(await new Browser().finish(back)).toBe('expired');
  await other.authorize();
  expect(await other.finish(back)).toBe('invalid');
  // With the code of one sign-on and the state of another.
  const second = await other.authorize();
  const mixed = new URL(second);
  mixed.searchParams.set('code', back.searchParams.get('code') ?? '');
  expect(await other.finish(mixed)).toBe('invalid');
  expect(await mine.signOn()).toBeNull();
  const again = new Browser();
  const spent = await again.authorize();
  const copy = new Map(again.cookies);
  expect(await again.finish(spent)).toBeNull();
  for (const [name, value] of copy) again.cookies.set(name, value);
  expect(await again.finish(spent)).toBe('invalid');
});

it('while the provider is away, passwords open the console, and nobody waits for it', async () => {
  const owner = stand.client();
  owner.origin = origin;
  const token = await stand.invite('local owner', 'owner', emailOf());
  await owner.done('setUp', { body: { token, password: consolePassword } });
  provider.claims = { ...provider.claims, roles: 'owner' };
  const browser = new Browser();
  const back = await browser.authorize();
  provider.fault = 'away';
  expect(await browser.finish(back)).toBe('unavailable');
  await owner.done('logIn', { body: { name: 'local owner', password: consolePassword } });
  provider.fault = 'none';
  expect(await new Browser().signOn()).toBeNull();
});
