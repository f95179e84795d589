import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestDatabase, testDatabase, testNats } from '@teamtalk/local-stack';
import { loadConfig, startMsfs } from '@teamtalk/msfs';
import { createTextCodec, DEFAULT_TEXT_KEY, imageText } from '@teamtalk/protocol';
import type { Service } from '@teamtalk/service-kit';
import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { runCli } from '../../cli.js';
import type { CheckedAddress } from './check-images.js';

let folder: string;
let database: TestDatabase;
let msfs: Service;
let client: pg.Client;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'check-images-'));
  const place = path.join(folder, 'g0', '000', '001');
  await mkdir(place, { recursive: true });
  await writeFile(path.join(place, '1_1.png'), 'picture');
  const nats = await testNats();
  database = await testDatabase();
  msfs = await startMsfs(
    loadConfig({
      LOG_LEVEL: 'silent',
      NATS_URL: nats.url,
      NATS_PREFIX: nats.prefix,
      OPS_PORT: '0',
      HTTP_PORT: '0',
      STORAGE_DIR: folder,
    }),
  );
  client = new pg.Client(database.url);
  await client.connect();
  vi.stubEnv('DATABASE_URL', database.url);
}, 60_000);
afterAll(async () => {
  await msfs?.stop();
  await client?.end();
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

/** Replaces all messages by texts of one conversation. */
async function say(texts: readonly string[]): Promise<void> {
  const codec = createTextCodec(DEFAULT_TEXT_KEY);
  await client.query('TRUNCATE message, conversation');
  await client.query('INSERT INTO conversation (conv, last_id, last_at) VALUES (7, $1, now())', [
    texts.length,
  ]);
  for (const [at, text] of texts.entries()) {
    await client.query(
      'INSERT INTO message (conv, id, from_id, sender_seq, token, created_at, type, data) VALUES (7, $1, 1, 0, 0, now(), 17, $2)',
      [at + 1, codec.encrypt(text)],
    );
  }
}

async function check(
  ...words: string[]
): Promise<{ status: number; found: CheckedAddress[]; errors: string }> {
  const output: string[] = [];
  const errors: string[] = [];
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => output.push(String(text)) > 0);
  const err = vi.spyOn(process.stderr, 'write').mockImplementation((text) => errors.push(String(text)) > 0);
  const status = await runCli(['import', 'check-images', '--json', ...words]);
  out.mockRestore();
  err.mockRestore();
  return { status, found: JSON.parse(output.join('')), errors: errors.join('') };
}

test('an old address that leads to the new msfs passes; one that leads nowhere is reported', async () => {
  const here = `http://localhost:${msfs.ports.http}`;
  await say([
    'no image',
    `look: ${imageText(`${here}/g0/000/001/gone.png`)}`,
    imageText(`${here}/g0/000/001/1_1.png`),
    imageText('https://example.com/not-of-msfs.png'),
  ]);
  expect(await check()).toEqual({
    status: 0,
    found: [{ origin: here, named: 2, image: `${here}/g0/000/001/1_1.png`, problem: null }],
    errors: '',
  });
  await say([imageText('http://127.0.0.1:1/g0/000/001/1_1.png'), imageText(`${here}/g0/000/001/1_1.png`)]);
  const { status, found, errors } = await check();
  expect(status).toBe(1);
  expect(found).toContainEqual({
    origin: 'http://127.0.0.1:1',
    named: 1,
    image: null,
    problem: 'ECONNREFUSED',
  });
  expect(errors).toMatch(/http:\/\/127\.0\.0\.1:1: clients cannot load images from there/);
});

test('with --via, the new msfs is checked under every old name before names point to it', async () => {
  const via = `127.0.0.1:${msfs.ports.http}`;
  const old = 'http://msfs.invalid:8700/g0/000/001/1_1.png';
  await say([imageText(old)]);
  await client.query(
    `INSERT INTO im_user (id, name, password_hash, avatar_url) VALUES (1, 'ann', '', 'https://10.0.0.9/g0/000/001/1_1.png')`,
  );
  const { status, found } = await check('--via', via);
  expect(status).toBe(0);
  expect(found.map(({ origin, problem }) => [origin, problem])).toEqual([
    ['https://10.0.0.9', null],
    ['http://msfs.invalid:8700', null],
  ]);
  await client.query('DELETE FROM im_user');
  await say([imageText('http://msfs.invalid:8700/g0/000/001/gone.png')]);
  const gone = await check('--via', via);
  expect([gone.status, gone.found[0]?.problem]).toEqual([1, 'status 404']);
});

test('a key that decrypts nothing is reported', async () => {
  await say(['a text']);
  const out: string[] = [];
  const written = vi.spyOn(process.stderr, 'write').mockImplementation((text) => out.push(String(text)) > 0);
  expect(await runCli(['import', 'check-images', '--text-key', 'x'.repeat(32)])).toBe(1);
  written.mockRestore();
  expect(out.join('')).toMatch(/the text key decrypts none of 1 texts/);
});
