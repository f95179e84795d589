import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { testDatabase } from '@teamtalk/local-stack';
import { createTextCodec, DEFAULT_TEXT_KEY, imageText } from '@teamtalk/protocol';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Outcome, teamtalk } from './run.js';

const codec = createTextCodec(DEFAULT_TEXT_KEY);
const sound = Buffer.from('a sound');
const image = Buffer.from('an image');

let env: NodeJS.ProcessEnv;
let folder: string;
let msfs: http.Server;
let asked: string[];
let stop: () => Promise<void>;

beforeAll(async () => {
  const database = await testDatabase();
  env = { DATABASE_URL: database.url };
  folder = await mkdtemp(path.join(tmpdir(), 'export-'));
  asked = [];
  msfs = http.createServer((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(request.url === '/g0/a.jpeg' ? 200 : 404).end(image);
  });
  await new Promise<void>((resolve) => msfs.listen(0, '127.0.0.1', resolve));
  const sql = new pg.Client({ connectionString: database.url });
  await sql.connect();
  await sql.query(`INSERT INTO im_user (id, name, password_hash) VALUES (1, 'ann', ''), (2, 'bob', '')`);
  await sql.query('INSERT INTO conversation (conv, last_id) VALUES ((1::int8 << 32) | 2, 4)');
  const rows: [id: number, type: number, data: Buffer][] = [
    [1, 1, codec.encrypt('hello')],
    [2, 2, Buffer.concat([Buffer.from([0, 0, 0, 7]), sound])],
    // Image hosts depend on the sender: only the paths count.
    [
      3,
      1,
      codec.encrypt(
        `${imageText('http://other.invalid/g0/a.jpeg')}${imageText('http://x.invalid//y/b.png')}`,
      ),
    ],
    [4, 1, Buffer.from('no text')],
  ];
  for (const [id, type, data] of rows) {
    await sql.query(
      `INSERT INTO message (conv, id, from_id, sender_seq, token, created_at, type, data)
       VALUES ((1::int8 << 32) | 2, $1, 1, $1, 0, '2026-01-02T03:04:05Z', $2, $3)`,
      [id, type, data],
    );
  }
  await sql.end();
  stop = async () => {
    msfs.close();
    await rm(folder, { recursive: true });
    await database.drop();
  };
});
afterAll(() => stop());

const run = (...words: string[]): Promise<Outcome> => teamtalk(words, env);
/** Runs the command as a second operator. */
const second = (...words: string[]): Promise<Outcome> => teamtalk(words, { ...env, SUDO_USER: 'second' });

it('writes an export that two people agreed on, with a manifest of file hashes', async () => {
  const target = path.join(folder, 'one');
  const images = `http://127.0.0.1:${(msfs.address() as AddressInfo).port}`;
  expect(await run('export', 'request', 'case 1', '--user', '1')).toMatchObject({ status: 0, stdout: '1\n' });
  expect((await run('export', 'approve', '1')).stderr).toContain(
    'the person who requested an export cannot approve it',
  );
  expect((await run('export', 'write', '1', target)).stderr).toContain(
    'no export 1 approved within the last week',
  );
  expect((await second('export', 'approve', '1')).stdout).toBe('approved 1\n');

  const written = await run('export', 'write', '1', target, '--images', images);
  expect(written).toMatchObject({
    status: 0,
    stderr: expect.stringContaining('4 messages, 2 attachments, 1 missing'),
  });
  expect(asked).toEqual(['/g0/a.jpeg', '//y/b.png']);
  const text = await readFile(path.join(target, 'messages.jsonl'), 'utf8');
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const common = {
    conversation: { users: [1, 2] },
    from: 1,
    fromName: 'ann',
    at: '2026-01-02T03:04:05.000Z',
  };
  expect(lines).toEqual([
    { ...common, id: 1, type: 1, text: 'hello' },
    { ...common, id: 2, type: 2, seconds: 7, audio: 'attachments/1-2-2.audio' },
    {
      ...common,
      id: 3,
      type: 1,
      text: expect.stringContaining('other.invalid'),
      images: [
        { url: 'http://other.invalid/g0/a.jpeg', file: 'attachments/1-2-3-1.jpeg' },
        { url: 'http://x.invalid//y/b.png', file: null },
      ],
    },
    { ...common, id: 4, type: 1, data: Buffer.from('no text').toString('base64') },
  ]);
  expect(await readFile(path.join(target, 'attachments/1-2-2.audio'))).toEqual(sound);

  const manifestText = await readFile(path.join(target, 'manifest.json'));
  expect(written.stdout.trim()).toBe(createHash('sha256').update(manifestText).digest('hex'));
  const manifest = JSON.parse(manifestText.toString());
  expect(manifest).toMatchObject({ export: 1, userId: 1, reason: 'case 1', messages: 4 });
  expect(manifest.approvedBy).not.toBe(manifest.requestedBy);
  for (const { name, bytes, sha256 } of manifest.files) {
    const content = await readFile(path.join(target, name));
    expect([content.length, createHash('sha256').update(content).digest('hex')], name).toEqual([
      bytes,
      sha256,
    ]);
  }
  const there = await readdir(path.join(target, 'attachments'));
  expect(manifest.files.map(({ name }: { name: string }) => name).sort()).toEqual(
    ['messages.jsonl', ...there.map((name) => `attachments/${name}`)].sort(),
  );
  expect((await run('export', 'list')).stdout).toContain(written.stdout.trim());
  expect((await run('export', 'write', '1', target)).stderr).toContain('already exists');
});
