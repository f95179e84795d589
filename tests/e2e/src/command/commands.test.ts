import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { TeamTalkClient } from '@teamtalk/client';
import { TestCluster } from '@teamtalk/cluster';
import { testDatabase, waitUntil } from '@teamtalk/local-stack';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Outcome, start, teamtalk } from './run.js';

/** What `--json` printed. */
function linesOf({ stdout }: Outcome): unknown[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}

describe('migrate', () => {
  it('goes up, tells, and goes down', async () => {
    const database = await testDatabase({ migrated: false });
    const env = { DATABASE_URL: database.url };
    const before = await teamtalk(['migrate', 'status'], env);
    expect(before.stdout).toMatch(/^(missing {2}\w+\n)+$/);
    const count = before.stdout.trim().split('\n').length;

    const up = await teamtalk(['migrate', 'up'], env);
    expect(up.status).toBe(0);
    expect(up.stdout.match(/^applied \w+$/gm)).toHaveLength(count);
    expect((await teamtalk(['migrate', 'up'], env)).stdout).toBe('nothing to do: the schema is the newest\n');
    expect((await teamtalk(['migrate', 'status'], env)).stdout).toMatch(/^(applied {2}\w+\n)+$/);
    const json = await teamtalk(['migrate', 'status', '--json'], env);
    expect(linesOf(json)).toEqual(Array(count).fill({ name: expect.any(String), state: 'applied' }));

    for (let step = 0; step < count; step++) {
      expect((await teamtalk(['migrate', 'down'], env)).stdout).toMatch(/^took back \w+\n$/);
    }
    expect((await teamtalk(['migrate', 'down'], env)).stdout).toMatch(/^nothing to do/);
    await database.drop();
  });
});

describe('with an installation', () => {
  let cluster: TestCluster;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    cluster = await TestCluster.start({ login_server: 1, file_server: 1 });
    env = {
      DATABASE_URL: cluster.database.url,
      TEAMTALK_LOGIN_SERVER: cluster.url('login_server'),
      TEAMTALK_PASSWORD: 'pw',
    };
    for (const name of ['alice', 'bob']) {
      const { status } = await teamtalk(['user', 'add', name, '--password', 'pw'], env);
      expect(status).toBe(0);
    }
  });

  afterAll(() => cluster.stop());

  it('checks a server for conformance', async () => {
    const users = ['c1', 'c2', 'c3', 'c4'];
    for (const name of users) await teamtalk(['user', 'add', name, '--password', 'pw'], env);
    const port = String(cluster.port('msg_server', 0, 'client'));
    const words = ['conformance', '--port', port, '--users', users.join()];
    const chosen = await teamtalk([...words, '--filter', 'reading/the server', '--json'], env);
    expect(chosen.status).toBe(0);
    expect(JSON.parse(chosen.stdout)).toMatchObject([
      { commands: ['0x0305 CID_MSG_TIME_REQUEST', expect.any(String)], status: 'passed' },
    ]);
    const incomplete = await teamtalk([...words, '--filter', 'HTTP API/'], env);
    expect(incomplete.status).toBe(0);
    expect(incomplete.stdout).toMatch(/not run: needs http\n\n4 cases: 0 passed, 4 not run\n$/);
    // Nobody listens there.
    const unanswered = ['--http', 'http://127.0.0.1:1', '--filter', 'HTTP API/bad JSON', '--markdown'];
    const failed = await teamtalk([...words, ...unanswered], env);
    expect(failed).toMatchObject({
      status: 1,
      stderr: 'teamtalk: the server does not conform: 1 case: 0 passed, 1 failed\n',
    });
    expect(failed.stdout).toMatch(
      /\| 0x0407 CID_GROUP_CHANGE_MEMBER_REQUEST \| .* \| failed: .* does not answer/,
    );
    expect(await teamtalk([...words, '--password', 'wrong'], env)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('c1 cannot log in: result 6'),
    });
    expect((await teamtalk([...words, '--filter', 'no such case'], env)).stderr).toContain('no case fits');
  });

  it('adds and lists users', async () => {
    const added = await teamtalk(['user', 'add', 'carol'], env);
    const { id, password } = /^added carol, id (?<id>\d+), password (?<password>\S+)\n$/.exec(added.stdout)!
      .groups!;
    const list = await teamtalk(['user', 'list'], env);
    expect(list.stdout.split('\n')).toContain(`${id}\tcarol\t0\tcarol`);
    expect(linesOf(await teamtalk(['user', 'list', '--json'], env))).toContainEqual({
      id: Number(id),
      name: 'carol',
      departmentId: 0,
      nickName: 'carol',
      left: false,
    });
    const send = ['send', '--as', 'carol', '--password', password!, '--to', 'bob', 'hi'];
    expect((await teamtalk(send, env)).stdout).toMatch(/^sent to bob \(id \d+\), msg_id 1\n$/);

    const again = await teamtalk(['user', 'add', 'carol'], env);
    expect(again).toMatchObject({ status: 1, stderr: 'teamtalk: there is already a user carol\n' });
  });

  it('imports users from a file after it was checked, and takes the import back', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-import-'));
    try {
      const file = path.join(folder, 'people.csv');
      await writeFile(file, 'name,real name,tel\nimp1,Ann A.,110\nimp1,Again,\n');
      const wrong = await teamtalk(['user', 'import', file], env);
      expect(wrong.status).not.toBe(0);
      expect(wrong.stdout).toContain('row 3\timp1\tname: also in row 2');
      expect(wrong.stderr).toContain('nothing was changed');
      expect((await teamtalk(['user', 'import', file, '--dry-run'], env)).stdout).toContain('1 to add');
      expect((await teamtalk(['user', 'list'], env)).stdout).not.toContain('imp1');

      const done = await teamtalk(['user', 'import', file, '--skip-errors'], env);
      expect(done.stdout).toContain('added and changed 1 users');
      expect((await teamtalk(['user', 'list'], env)).stdout).toContain('imp1');
      const [, id = ''] = /undo-import (\d+)/.exec(done.stderr) ?? [];
      const issued = await teamtalk(['user', 'import-passwords', id], env);
      expect(issued.stdout).toMatch(/^imp1\t(\w{5}-){3}\w{5}\n$/);
      expect((await teamtalk(['user', 'import-passwords', id], env)).stdout).toBe('');
      const undone = await teamtalk(['user', 'undo-import', id], env);
      expect(undone.stdout).toContain('undid 1 rows');
      expect((await teamtalk(['user', 'list'], env)).stdout).toMatch(/imp1.*\(has left\)/);

      await writeFile(file, 'name,salary\nimp1,1\n');
      const unknown = await teamtalk(['user', 'import', file], env);
      expect(unknown.stderr).toContain('unknown column “salary”');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('seeds 10,000 users in under 20 s, and leaves them alone the next time', async () => {
    const seed = ['seed', '--users', '10000', '--prefix', 's', '--departments', '3'];
    const begin = performance.now();
    const { status, stdout } = await teamtalk(seed, env);
    expect(performance.now() - begin).toBeLessThan(20_000);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^s1 to s10000: added 10000 users, 0 were there; \d+\.\d s\n$/);
    expect((await teamtalk(seed, env)).stdout).toContain('added 0 users, 10000 were there');
    const list = (await teamtalk(['user', 'list'], env)).stdout.trim().split('\n');
    const seeded = list.filter((line) => /^\d+\ts\d/.test(line));
    expect(seeded.map((line) => line.split('\t')[1])).toEqual(
      Array.from({ length: 10_000 }, (_, i) => `s${i + 1}`),
    );
    // The first and the last can log in and see one another.
    const send = ['send', '--as', 's1', '--password', '123456', '--to', 's10000', 'hi'];
    expect((await teamtalk(send, env)).status).toBe(0);
  });

  it('sends by name, by id, and over a msg_server it is told', async () => {
    const byName = await teamtalk(['send', '--as', 'alice', '--to', 'bob', 'one'], env);
    const { id } = /^sent to bob \(id (?<id>\d+)\), msg_id 1\n$/.exec(byName.stdout)!.groups!;
    const server = ['--server', `127.0.0.1:${cluster.port('msg_server', 0, 'client')}`, '--password', 'pw'];
    const byId = await teamtalk(['send', '--as', 'alice', '--to', id!, ...server, 'two'], {
      TEAMTALK_LOGIN_SERVER: 'http://127.0.0.1:2',
    });
    expect(byId).toEqual({ status: 0, stdout: `sent to bob (id ${id}), msg_id 2\n`, stderr: '' });
  });

  it('sends what it reads from standard input, where the text is - or left out', async () => {
    for (const [k, words] of [['-'], []].entries()) {
      const send = ['send', '--as', 'alice', '--to', 'piet', ...words];
      if (k === 0) await teamtalk(['user', 'add', 'piet', '--password', 'pw'], env);
      const sent = await teamtalk(send, env, `piped ${k}\nsecond line\n`);
      expect(sent.stdout).toMatch(new RegExp(`^sent to piet .* msg_id ${k + 1}\n$`));
    }
    const piet = new TeamTalkClient({ loginServer: cluster.url('login_server'), reconnect: false });
    await piet.login({ name: 'piet', password: 'pw' });
    const alice = (await piet.users()).users.find(({ userDomain }) => userDomain === 'alice')!;
    const messages = await piet.history({ user: alice.userId });
    expect(messages.map(({ text }) => text).sort()).toEqual(['piped 0\nsecond line', 'piped 1\nsecond line']);
    await piet.close();
  });

  it('needs a text when standard input is a terminal', async () => {
    vi.spyOn(process, 'stdin', 'get').mockReturnValue({ isTTY: true } as typeof process.stdin);
    const outcome = await teamtalk(['send', '--as', 'alice', '--to', 'bob'], env);
    vi.restoreAllMocks();
    expect(outcome).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("missing required argument 'text'"),
    });
  });

  it('asks for the list of all users only for a name the sender has not lately written with', async () => {
    await teamtalk(['user', 'add', 'dora', '--password', 'pw'], env);
    const lists = () => cluster.metric('msg_server', 0, 'pdus_received_total', { command: '0x0208' });
    const send = async () => (await teamtalk(['send', '--as', 'dora', '--to', 'bob', 'hello'], env)).stdout;
    expect(await send()).toMatch(/^sent to bob .* msg_id 1\n$/);
    const before = await lists();
    expect(before).toBeGreaterThan(0);
    expect(await send()).toMatch(/^sent to bob .* msg_id 2\n$/);
    expect(await lists()).toBe(before);
  });

  it.each([
    ['a wrong password', ['--as', 'alice', '--password', 'no', '--to', 'bob'], /login refused \(6\): /],
    ['an unknown sender', ['--as', 'nobody', '--to', 'bob'], /login refused \(6\): /],
    ['an unknown receiver', ['--as', 'alice', '--to', 'nobody'], /there is no user nobody/],
    ['an unknown id', ['--as', 'alice', '--to', '987654'], /there is no user with id 987654/],
    ['oneself', ['--as', 'alice', '--to', 'alice'], /users cannot send messages to themselves/],
  ])('says why it does not send: %s', async (_, words, text) => {
    const { status, stdout, stderr } = await teamtalk(['send', ...words, 'text'], env);
    expect(status).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(text);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('listens until it is told to stop', async () => {
    const listening = start(['listen', '--as', 'bob'], env);
    await waitUntil(() => listening.stderr().includes('listening as bob'), { what: 'listening' });
    const alice = new TeamTalkClient({ loginServer: cluster.url('login_server'), reconnect: false });
    await alice.login({ name: 'alice', password: 'pw' });
    const bob = (await alice.users()).users.find(({ userDomain }) => userDomain === 'bob')!;
    await alice.send({ user: bob.userId }, 'Hello, 世界\u001b[31m\nnext');
    await waitUntil(() => listening.stdout().includes('next'), { what: 'the message' });
    expect(listening.stdout()).toMatch(/^\d\d:\d\d:\d\d alice: Hello, 世界 \[31m next\n$/);
    await alice.close();
    process.emit('SIGINT');
    expect(await listening.status).toBe(0);
  });

  it('stops listening when another login takes its place', async () => {
    const listening = start(['listen', '--as', 'bob'], env);
    await waitUntil(() => listening.stderr().includes('listening as bob'), { what: 'listening' });
    const bob = new TeamTalkClient({ loginServer: cluster.url('login_server'), reconnect: false });
    await bob.login({ name: 'bob', password: 'pw' });
    expect(await listening.status).toBe(1);
    expect(listening.stderr()).toContain('teamtalk: kicked by the server, reason 1');
    await bob.close();
  });
});
