import { expect, test } from 'vitest';
import { addressesOf } from './addresses.js';
import type { ProcessEntry } from './run-files.js';
import { type WelcomeOptions, welcome } from './welcome.js';

const processes: ProcessEntry[] = [
  { service: 'login_server', replica: 0, pid: 1, ports: { http: 8080, tcp: 8008, ops: 18080 } },
  { service: 'msg_server', replica: 0, pid: 2, ports: { client: 8000, ops: 18000 } },
  { service: 'msg_server', replica: 1, pid: 3, ports: { client: 8003, ops: 18001 } },
  { service: 'http_msg_server', replica: 0, pid: 4, ports: { http: 8400, ops: 18400 } },
  { service: 'web_server', replica: 0, pid: 5, ports: { http: 8888, ops: 18888 } },
  { service: 'admin_server', replica: 0, pid: 5, ports: { http: 8900, ops: 18900 } },
];

const options: WelcomeOptions = {
  addresses: addressesOf('127.0.0.1'),
  env: {},
  processes,
  moved: [{ service: 'msg_server', replica: 1, name: 'client', wanted: 8001, given: 8003 }],
  databaseUrl: 'postgres://me:secret@db/x',
  natsUrl: 'nats://bus',
  logFolder: '/x/log',
  logins: ['alice', 'bob'],
  password: '123456',
  seconds: 4.25,
  pair: { sender: 'alice', receiver: 'bob', receiverId: 2 },
  setupToken: 'once',
};

test('names every address, what has moved, and lines to paste', () => {
  const text = welcome(options);
  expect(text).not.toContain('WARNING');
  expect(text).toContain('postgres://me@db/x');
  expect(text).toMatch(/web client +http:\/\/127\.0\.0\.1:8888\n/);
  expect(text).toContain('127.0.0.1:8000  127.0.0.1:8003');
  expect(text).toContain('http://127.0.0.1:8900/setup#once');
  expect(text).toContain('msg_server-1: port 8001 (client) is in use, so it is 8003');
  expect(text).toContain("npx teamtalk send --as alice --password 123456 --to bob 'Hello'");
  expect(text).toContain(
    `curl -d '{"from_user_id":1,"session_id":2,"msg":"Hello from HTTP","msg_type":3}' http://127.0.0.1:8400/query/SendP2PMessage`,
  );
});

test('warns of what other machines can do, as far as it is open', () => {
  const env = { HTTP_AUTH: 'open', MSFS_UPLOAD_AUTH: 'open' };
  const open = welcome({ ...options, addresses: addressesOf('192.0.2.7'), env });
  expect(open).toContain('WARNING: --host 192.0.2.7');
  expect(open).toContain('http://192.0.2.7:8080/msg_server');
  expect(open).toContain('123456 is public');
  expect(open).toContain('without a key');
  expect(open).toContain('store images');
  expect(open).toContain('http://127.0.0.1:8900/setup#once');
  const guarded = welcome({ ...options, addresses: addressesOf('0.0.0.0') });
  expect(guarded).toContain('WARNING: --host 0.0.0.0');
  expect(guarded).toContain('http://127.0.0.1:8080/msg_server');
  expect(guarded).not.toContain('without a');
  expect(guarded).not.toContain('store images');
});
