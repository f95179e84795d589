import { readCells } from '@teamtalk/administration/user-file';
import { batchesOf, readUserTable } from '@teamtalk/administration/user-table';
import { emptyCounts, type LoadResult, UsageWatch, usageBetween } from '@teamtalk/load-generator';
import { ConsoleCaller } from '../console/console-caller.js';
import { figureTarget, type Scenario, type ScenarioContext } from '../scenario.js';

const users = 100_000;

/** Searches, sent again after every letter as a user types: common, rare and without results; Chinese, pinyin and digits. */
const typed = [
  'zhangwei',
  'ouyang',
  'lsf',
  '王',
  '欧阳锋',
  'person 99',
  '1380009',
  'e99999@',
  'nobody at all',
];

// Names combined from short lists of surnames and given names, so that many people share one, as in a real company.
const addPeople = `
  INSERT INTO im_user (name, password_hash, nick_name, real_name, tel, email)
  SELECT 'p' || n, '!', CASE WHEN n % 5 = 0 THEN 'Person ' || n ELSE called END, called, (13800000000 + n)::text,
    'e' || n || '@example.com'
  FROM generate_series(1, $1::int4) AS n, LATERAL (
    SELECT (array['王','李','张','刘','陈','杨','赵','黄','周','吴','欧阳'])[1 + n % 11]
      || (array['伟','芳','娜','敏','静','丽','强','磊','军','洋','勇','艳','杰','涛','明','锋'])[1 + n / 11 % 16]
      || (array['','','文','国','建'])[1 + n / 176 % 5] AS called) AS c
  ON CONFLICT (name) DO NOTHING`;

async function measureSearch({ cluster, quick, say }: ScenarioContext): Promise<LoadResult> {
  await cluster.sql(addPeople, [quick ? 5_000 : users]);
  await cluster.sql('ANALYZE user_search');
  await cluster.sql('ANALYZE im_user');
  const waiting = () =>
    cluster.sql<{ n: number }>('SELECT count(*)::int4 AS n FROM user_search WHERE pinyin IS NULL');
  const begun = performance.now();
  while (((await waiting())[0]?.n ?? 0) > 0) {
    if (performance.now() - begun > 120_000)
      throw new Error('the pinyin of names was not filled in within 120 s');
  }
  const caller = await ConsoleCaller.enter(
    cluster.address('admin_server', 'http'),
    cluster.infrastructure.postgres.url,
  );
  const search = async (text: string) => {
    const asked = performance.now();
    const { users: found } = await caller.call('findUsers', {
      query: { text, limit: 50, status: 'present' },
    });
    return { ms: performance.now() - asked, found: found.length };
  };
  const prefixes = typed.flatMap((text) => Array.from(text, (_, i) => text.slice(0, i + 1).trim()));
  for (const text of prefixes) await search(text);
  const watch = new UsageWatch(cluster.watched());
  const before = watch.sample();
  const started = performance.now();
  const times: number[] = [];
  for (let round = 0; round < (quick ? 1 : 10); round++) {
    for (const text of prefixes) times.push((await search(text)).ms);
  }
  const seconds = (performance.now() - started) / 1000;
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  const figures = { 'search p50': at(0.5), 'search p95': at(0.95), 'search max': at(1) };
  for (const [name, ms] of Object.entries(figures)) say(`  ${name}: ${ms.toFixed(1)} ms`);
  return {
    mode: 'console-search',
    wantedRate: 0,
    rates: { searches: times.length / seconds },
    figures,
    connections: emptyCounts(),
    seconds,
    latency: {},
    timeline: {},
    usage: usageBetween(before, watch.sample()),
  };
}

const imported = 10_000;

/** Checks, imports and then undoes the import of a CSV file of users. */
async function measureImport({ cluster, quick, say }: ScenarioContext): Promise<LoadResult> {
  const caller = await ConsoleCaller.enter(
    cluster.address('admin_server', 'http'),
    cluster.infrastructure.postgres.url,
  );
  const lines = Array.from(
    { length: quick ? 1_000 : imported },
    (_, i) => `i${process.pid}-${i},Person ${i},${13900000000 + i},i${i}@example.com`,
  );
  const file = new Uint8Array(Buffer.from(`name,real name,telephone,e-mail\n${lines.join('\n')}\n`));
  const watch = new UsageWatch(cluster.watched());
  const before = watch.sample();
  const figures: Record<string, number> = {};
  const started = performance.now();
  const timed = async (what: string, work: () => Promise<void>) => {
    const begun = performance.now();
    await work();
    const seconds = (performance.now() - begun) / 1000;
    figures[what] = seconds;
    say(`  ${what}: ${seconds.toFixed(1)} s`);
  };

  const { import_id } = await caller.call('createUserImport', { body: { file_name: 'people.csv' } });
  const params = { import_id };
  await timed('dry run', async () => {
    const table = readUserTable(await readCells(file));
    if (!Array.isArray(table)) throw new Error(table.problem);
    for (const rows of batchesOf(table)) await caller.call('addUserImportRows', { params, body: { rows } });
  });
  await timed('import', async () => {
    while ((await caller.call('runUserImport', { params })).state === 'running');
  });
  await timed('undo', async () => {
    while ((await caller.call('undoUserImport', { params })).state === 'undoing');
  });
  const seconds = (performance.now() - started) / 1000;
  return {
    mode: 'console-import',
    wantedRate: 0,
    rates: { rows: lines.length / (figures.import ?? seconds) },
    figures,
    connections: emptyCounts(),
    seconds,
    latency: {},
    timeline: {},
    usage: usageBetween(before, watch.sample()),
  };
}

export const consoleScenarios: readonly Scenario[] = [
  {
    name: 'console-search',
    title: 'the console: search as one types, among 100,000 users',
    shape: { counts: { admin_server: 1 } },
    targets: [figureTarget('search p95', 'ms', { atMost: 100 })],
    run: measureSearch,
  },
  {
    name: 'console-import',
    title: 'the console: 10,000 users from a CSV file: dry run, import, undo',
    shape: { counts: { admin_server: 1 }, envOf: { admin_server: { WRITES_PER_SECOND: '1000' } } },
    targets: [figureTarget('dry run', 's', { atMost: 10 }), figureTarget('import', 's', { atMost: 60 })],
    run: measureImport,
  },
];
