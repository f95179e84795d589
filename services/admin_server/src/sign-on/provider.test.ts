import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createKit, type Kit } from '@teamtalk/service-kit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SignOnProvider } from './provider.js';

const back = 'https://console.example.com/admin/v1/sign-on/callback';

let kit: Kit;
let server: Server;
let issuer: string;
/** Lets the provider answer; until then requests wait. */
let answer: () => void;

beforeEach(async () => {
  kit = createKit('admin_server', { logLevel: 'silent', shutdownMs: 1_000 });
  const released = new Promise<void>((resolve) => {
    answer = resolve;
  });
  server = createServer((_request, response) => {
    const document = {
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/keys`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
    };
    void released.then(() =>
      response.setHeader('content-type', 'application/json').end(JSON.stringify(document)),
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  answer();
  server.closeAllConnections();
  server.close();
  await kit.life.stop();
});

it('one network can use only half of the concurrent sign-ons at a slow provider', async () => {
  const config = { issuer, clientId: 'console', clientSecret: '', scopes: 'openid', name: '', roleClaim: '' };
  const provider = new SignOnProvider({ ...config, trustEmail: false }, kit.log);
  const held = Array.from({ length: 10 }, () => provider.begin(back, '203.0.113.7'));
  await expect(provider.begin(back, '203.0.113.7')).rejects.toMatchObject({ kind: 'unavailable' });
  const other = provider.begin(back, '198.51.100.1');
  answer();
  expect((await other).url.href).toMatch(`${issuer}/authorize?`);
  await Promise.all(held);
  expect((await provider.begin(back, '203.0.113.7')).url.href).toMatch(issuer);
});
