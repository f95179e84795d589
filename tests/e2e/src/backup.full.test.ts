import { exec } from 'node:child_process';
import { access, chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { TeamTalkClient } from '@teamtalk/client';
import { backupRole, createGroup, migrate, TestCluster } from '@teamtalk/cluster';
import { freePort, testNats, waitUntil } from '@teamtalk/local-stack';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PostgresShell, sql } from './postgres-tools.js';

const top = fileURLToPath(new URL('../../../', import.meta.url));
const guide = await readFile(path.join(top, 'docs/guides/backup.md'), 'utf8');

/** The code block of this language in a chapter of the guide. */
function block(chapter: string, language = 'sh'): string {
  const text = guide.split(/^#+ /m).find((part) => part.startsWith(`${chapter}\n`));
  const found = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(text ?? '')?.[1];
  if (!found) throw new Error(`the guide has no ${language} block below "${chapter}"`);
  return found;
}

let folder: string;
let shell: PostgresShell;
let database: string;
const clusters: TestCluster[] = [];
const at = (...names: string[]) => path.join(folder, 'postgres', ...names);

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-backup-'));
  await chmod(folder, 0o755);
  shell = await PostgresShell.open(at());
  await shell.run(`mkdir -p backup/wal files/g0 && echo picture > files/g0/1.jpeg`);
  const configuration = block('Base backup and archive', 'ini').replaceAll('$BACKUP', at('backup'));
  database = await shell.startServer('data', configuration);
  await migrate(database);
}, 120_000);
afterAll(async () => {
  for (const cluster of clusters) await cluster.stop();
  await shell?.stopServer('data');
  await shell?.stopServer('new-data');
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
});

function as({ name, password }: { name: string; password: string }, url: string): string {
  return url.replace(/\/\/[^@/]*@/, `//${name}:${password}@`);
}

/** A cluster on a database that is kept when the cluster stops. */
async function startCluster(url: string): Promise<TestCluster> {
  const cluster = await TestCluster.start({
    infrastructure: {
      nats: testNats,
      database: async () => ({ name: 'teamtalk', url, drop: async () => {} }),
      close: async () => {},
    },
  });
  clusters.push(cluster);
  return cluster;
}

async function stopCluster(cluster: TestCluster): Promise<void> {
  clusters.splice(clusters.indexOf(cluster), 1);
  await cluster.stop();
}

/** Runs the lines of a block as PostgreSQL's account; those with `npx teamtalk` as this one, in the repository. */
async function run(script: string, env: Record<string, string>): Promise<string> {
  const lines = script.split('\n');
  let output = '';
  for (const line of lines.filter((each) => each.includes('npx teamtalk'))) {
    const { stdout } = await promisify(exec)(line, { cwd: top, env: { ...process.env, ...env } });
    output += stdout;
  }
  const others = lines.filter((each) => !each.includes('npx teamtalk')).join('\n');
  return output + (await shell.run(others.replaceAll('deploy/', at('deploy/')), env));
}

/** A user's view of their sessions. */
async function seenBy(client: TeamTalkClient, peers: readonly ({ user: number } | { group: number })[]) {
  const { sessions } = await client.unread();
  const histories = await Promise.all(peers.map((peer) => client.history(peer, { begin: 0 })));
  return {
    unread: sessions.map(({ sessionId, unreadCnt }) => [sessionId, unreadCnt]).sort(),
    texts: histories.map((messages) => messages.map(({ text }) => text)),
  };
}

it('a dump restores everything, and msg_ids assigned after it are not assigned again', async () => {
  const before = await startCluster(database);
  const ids = await before.addUsers(['alice', 'bob', 'carol']);
  const [alice, bob] = [await before.connect('alice'), await before.connect('bob')];
  const groupId = await createGroup(alice, [ids.bob, ids.carol]);
  const peersOf = {
    alice: [{ user: ids.bob }, { group: groupId }],
    bob: [{ user: ids.alice }, { group: groupId }],
  };
  for (let i = 1; i <= 5; i++) await alice.send({ user: ids.bob }, `alice ${i}`);
  for (let i = 1; i <= 3; i++) await bob.send({ user: ids.alice }, `bob ${i}`);
  for (let i = 1; i <= 4; i++) await alice.send({ group: groupId }, `group ${i}`);
  await bob.markRead({ user: ids.alice }, 4);
  await bob.markRead({ group: groupId }, 2);
  await waitUntil(async () => (await bob.unread()).total === 3, { what: 'what bob has read' });
  await before.settle();
  const seen = [await seenBy(alice, peersOf.alice), await seenBy(bob, peersOf.bob)];

  const env = {
    BACKUP: at('backup'),
    FILES: at('files'),
    RESTORED_FILES: at('restored-files'),
    DATABASE_URL: database,
    BACKUP_URL: as(backupRole, database),
    RESTORED_URL: database.replace(/\/teamtalk$/, '/teamtalk_restored'),
  };
  await run(block('A copy'), env);
  // Lost by the restore, but already delivered to bob.
  const lost = [await alice.send({ user: ids.bob }, 'lost 1'), await alice.send({ user: ids.bob }, 'lost 2')];
  expect(lost.map(({ msgId }) => msgId)).toEqual([9, 10]);
  await stopCluster(before);

  await run(block('From a copy'), env);
  expect(await shell.run('cat restored-files/g0/1.jpeg')).toBe('picture\n');
  const raise = await readFile(path.join(top, 'deploy/raise-msg-ids.sql'), 'utf8');
  await shell.run(`mkdir -p deploy && cat > deploy/raise-msg-ids.sql <<'END'\n${raise}\nEND`);
  await run(block('Raise the msg_ids'), env);
  expect(await run(block('Check the result'), env)).toBe('nothing to do: the schema is the newest\n0\n0\n');

  const after = await startCluster(env.RESTORED_URL);
  const [alice2, bob2] = [await after.connect('alice'), await after.connect('bob')];
  expect([await seenBy(alice2, peersOf.alice), await seenBy(bob2, peersOf.bob)]).toEqual(seen);
  const got = bob2.nextMessage();
  const next = await alice2.send({ user: ids.bob }, 'next');
  expect(next.msgId).toBe(100_009);
  expect(await got).toMatchObject({ msgId: 100_009, text: 'next' });
  expect((await alice2.send({ group: groupId }, 'next')).msgId).toBe(100_005);
  await bob2.markRead({ user: ids.alice }, 100_009);
  await bob2.markRead({ group: groupId }, 100_005);
  await waitUntil(async () => (await bob2.unread()).total === 0, { what: 'what bob has read' });
  await stopCluster(after);
}, 120_000);

it('point-in-time recovery restores the moment before a mistake', async () => {
  const port = await freePort(0);
  const url = new URL(database);
  url.port = String(port);
  const env = {
    BACKUP: at('backup'),
    FILES: at('files'),
    RESTORED_FILES: at('restored-again'),
    DATABASE_URL: database,
    RESTORED_URL: url.href,
    NEW_DATA: at('new-data'),
    NEW_PORT: String(port),
  };
  const messages = (of: string) =>
    sql<{ data: string }>(of, `SELECT conv, id, encode(data, 'hex') AS data FROM message ORDER BY 1, 2`);
  await run(block('Base backup and archive'), env);
  await sql(database, `UPDATE im_user SET nick_name = 'after the base backup'`);
  const [stored, [now]] = [
    await messages(database),
    await sql<{ now: string }>(database, 'SELECT now()::text AS now'),
  ];
  expect(stored.length).toBeGreaterThan(10);
  await sql(database, 'DELETE FROM message');

  await run(block('To a moment'), { ...env, UNTIL: now!.now });
  expect(await messages(url.href)).toEqual(stored);
  expect(await sql(url.href, 'SELECT DISTINCT nick_name FROM im_user')).toEqual([
    { nick_name: 'after the base backup' },
  ]);
  expect(await shell.run('cat restored-again/g0/1.jpeg')).toBe('picture\n');
  expect(await messages(database)).toEqual([]);
}, 120_000);

it('every code block of the guide names its test, and existing files', async () => {
  expect(guide.match(/^```(sh|ini)$/gm)).toHaveLength(7);
  for (const [file] of guide.matchAll(/\b(?:deploy|k8s|libs)\/[\w./-]+\w/g))
    await access(path.join(top, file));
});
