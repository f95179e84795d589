import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { TeamTalkClient } from '@teamtalk/client';
import { createGroup, TestCluster } from '@teamtalk/cluster';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { InstalledSdk } from './sdk/installed-sdk.js';

const top = fileURLToPath(new URL('../../../', import.meta.url));
const examples = path.join(top, 'docs/examples/bots');

/** Timeout for a dozen commands, each in its own process, on a busy machine, milliseconds. */
const commandsMs = 240_000;

let cluster: TestCluster;
let installed: InstalledSdk;
let alice: TeamTalkClient;
let bob: TeamTalkClient;
const programs: ChildProcess[] = [];

beforeAll(async () => {
  cluster = await TestCluster.start({ http_msg_server: 1 });
  await cluster.addUsers(['alice', 'bob']);
  installed = await InstalledSdk.create();
  alice = await cluster.connect('alice');
  bob = await cluster.connect('bob');
}, commandsMs);
afterAll(async () => {
  for (const program of programs) program.kill();
  await installed?.remove();
  await cluster?.stop();
});

/** Runs lines in a shell, as a reader of the guide does. */
async function shell(lines: string): Promise<string> {
  const here = lines
    .replaceAll('http://127.0.0.1:8400', cluster.url('http_msg_server'))
    .replaceAll('npx teamtalk', path.join(top, 'node_modules/.bin/teamtalk'));
  const env = { ...process.env, DATABASE_URL: cluster.database.url };
  const words = ['-e', '-u', '-o', 'pipefail', '-c', here];
  return (await promisify(execFile)('bash', words, { cwd: top, env, timeout: commandsMs })).stdout;
}

/** Texts of a client's next messages, sorted, because order is guaranteed only within a conversation. */
async function texts(client: TeamTalkClient, count: number): Promise<(string | undefined)[]> {
  const found: (string | undefined)[] = [];
  while (found.length < count) found.push((await client.nextMessage()).text);
  return found.sort();
}

it(
  'the commands of the guide work as described',
  async () => {
    const guide = await readFile(path.join(top, 'docs/guides/bots.md'), 'utf8');
    const blocks = [...guide.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block);
    await shell(blocks.join('\n'));
    expect(await texts(alice, 4)).toEqual([
      '4.7.11 is out',
      'Build 4711 is red: its log (https://ci.example/4711)',
      'I am on it',
      'deployed by "make release"',
    ]);
    expect(await texts(bob, 2)).toEqual(['4.7.11 is out', 'deployed by "make release"']);
    expect(await shell('npx teamtalk hook list | cut -f1')).toBe('releases\nreplies\n');
    const [webhook] = await cluster.sql<{ name: string }>(
      'SELECT u.name FROM webhook w JOIN im_user u ON u.id = w.bot_id',
    );
    expect(webhook).toEqual({ name: 'ci' });
  },
  commandsMs,
);

/** Starts an example as a user of the installed SDK does. @returns the bot's id */
async function start(example: string, name: string): Promise<number> {
  const token = (await shell(`npx teamtalk bot add ${name}`)).trim();
  await installed.write(example, await readFile(path.join(examples, example), 'utf8'));
  const program = spawn(process.execPath, [example], {
    cwd: installed.folder,
    env: {
      ...process.env,
      TEAMTALK_PORT: String(cluster.port('msg_server', 0, 'client')),
      BOT_NAME: name,
      BOT_TOKEN: token,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  programs.push(program);
  const [line] = (await once(program.stdout, 'data')) as [Buffer];
  return Number(/is user (\d+)/.exec(String(line))?.[1]);
}

it(
  'echo-bot.mjs answers',
  async () => {
    const user = await start('echo-bot.mjs', 'parrot');
    await alice.send({ user }, 'hello');
    expect(await texts(alice, 1)).toEqual(['You said: hello']);
  },
  commandsMs,
);

it(
  'on-call-bot.mjs forwards messages to the user on call',
  async () => {
    const user = await start('on-call-bot.mjs', 'oncall');
    await alice.send({ user }, 'the disk is full');
    expect(await texts(alice, 1)).toEqual(['Nobody is on call: /oncall me']);
    await bob.send({ user }, '/oncall me');
    expect(await texts(bob, 1)).toEqual(['bob is on call now']);
    await alice.send({ user }, 'the disk is full');
    expect(await texts(alice, 1)).toEqual(['bob has been told']);
    expect(await texts(bob, 1)).toEqual(['alice: the disk is full']);
    expect(await readFile(path.join(installed.folder, 'on-call.txt'), 'utf8')).toMatch(/^\d+$/);
    const group = await createGroup(alice, [user], 'Operators');
    await alice.send({ group }, 'who could help?');
    await alice.send({ group }, '/oncall');
    expect(await texts(alice, 1)).toEqual(['bob is on call']);
  },
  commandsMs,
);
