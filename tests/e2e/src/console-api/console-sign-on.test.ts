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

/** A browser that signs on through the provider. */
class Browser {
  readonly cookies = new Map<string, string>();

  /** @returns the address to which it is redirected */
  async go(url: string): Promise<URL> {
    // The redirect names the console's public address.
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

  /** Runs the sign-on until the provider redirects back. @returns that address */
  async authorize(): Promise<URL> {
    const there = await this.go(`${origin}/admin/v1/sign-on`);
    return this.go(there.href);
  }

  /** @returns the error, or null when there is a session */
  async signOn(): Promise<string | null> {
    const there = await this.go(`${origin}/admin/v1/sign-on`);
    if (there.origin === origin) return there.searchParams.get('sign-on');
    return this.finish(await this.go(there.href));
  }

  async finish(back: URL): Promise<string | null> {
    return (await this.go(back.href)).searchParams.get('sign-on');
  }

  /** The session's account. */
  async me() {
    const client = stand.client();
    client.cookie = `teamtalk-console=${this.cookies.get('teamtalk-console') ?? ''}`;
    return (await client.call('getSession')).body;
  }
}

const emailOf = () => String(provider.claims.email);
const verbsSince = async (id: number) => (await stand.eventsSince(id)).map(({ verb }) => verb);

it('redirects to the provider with PKCE, a state and a nonce', async () => {
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

it('finds an invited account by email at the first sign-on, and by subject afterwards', async () => {
  await stand.invite('signer', 'viewer', emailOf().toUpperCase());
  const before = await stand.newestEvent();
  const browser = new Browser();
  expect(await browser.signOn()).toBeNull();
  expect(await browser.me()).toMatchObject({ name: 'signer', role: 'viewer', second_factor: 'elsewhere' });
  expect(await verbsSince(before)).toEqual(['account.link', 'account.log-in']);
  // The subject identifies the person, even if the email changes; another subject with the same email is someone else.
  provider.claims = { ...provider.claims, email: 'married@example.com' };
  expect(await new Browser().signOn()).toBeNull();
  provider.claims = { ...provider.claims, email: emailOf(), sub: 'somebody-else' };
  expect(await new Browser().signOn()).toBe('not-invited');
});

it('refuses a person who was not invited, or whose email is not verified', async () => {
  expect(await new Browser().signOn()).toBe('not-invited');
  await stand.invite('unverified', 'viewer', emailOf());
  provider.claims = { ...provider.claims, email_verified: false };
  expect(await new Browser().signOn()).toBe('not-invited');
  const { email_verified: _, ...silent } = provider.claims;
  provider.claims = silent;
  expect(await new Browser().signOn()).toBe('not-invited');
});

it('refuses a disabled account; a new email passes the account to another person', async () => {
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

it('a new email ends the sessions that were signed on, and no others', async () => {
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

it('emails that are equal only by Unicode case folding are different', async () => {
  await stand.invite('brook', 'viewer', `kim${people}@example.com`);
  provider.claims = { ...provider.claims, email: `\u212Aim${people}@example.com` };
  expect(await new Browser().signOn()).toBe('not-invited');
  provider.claims = { ...provider.claims, email: `Kim${people}@Example.com` };
  expect(await new Browser().signOn()).toBeNull();
});

it('takes the role from the claim, and refuses claims without a known role', async () => {
  await stand.invite('riser', 'viewer', emailOf());
  provider.claims = { ...provider.claims, roles: ['auditor', 'unknown'] };
  const before = await stand.newestEvent();
  const browser = new Browser();
  expect(await browser.signOn()).toBeNull();
  // The provider is responsible for the second factor.
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

it('a redirect back is valid only in the browser that began the sign-on, and once', async () => {
  await stand.invite('careful', 'viewer', emailOf());
  const [mine, other] = [new Browser(), new Browser()];
  const back = await mine.authorize();
  expect(await new Browser().finish(back)).toBe('expired');
  await other.authorize();
  expect(await other.finish(back)).toBe('invalid');
  // The code of one sign-on with the state of another.
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

it('passwords still work while the provider is down, and requests do not hang', async () => {
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
