import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { LoadResult } from '@teamtalk/load-generator';
import { expect, test } from 'vitest';
import { pageOf } from './html/page.js';
import { reportProfiles } from './profile.js';
import { describeMachine, type Report, reportScenario } from './report.js';
import { figureTarget, latencyTarget, rateTarget, type Scenario } from './scenario.js';
import { alignColumns, describeReport } from './text-table.js';

const baseline = {
  fsyncMs: { p50: 0.1, p99: 0.2 },
  rows: { perSecond: 10_000, batch: 500, postgresMicroseconds: 5, clientMicroseconds: 1 },
  echo: { perSecond: 100_000, connections: 1_000, serverMicroseconds: 5, generatorMicroseconds: 5 },
};

const latency = { count: 5_000, mean: 2, p50: 1, p90: 3, p99: 9, p999: 12, max: 20 };

const result: LoadResult = {
  mode: 'p2p',
  wantedRate: 2_500,
  seconds: 2,
  between: [0, 2_000_000],
  rates: { acked: 2_500, delivered: 2_400 },
  latency: { ack: latency },
  timeline: { ack: [1, 2].map((p50) => ({ count: 2_500, p50, p99: 9, max: 20 })) },
  usage: { msg_server: { cpuSeconds: 0.1, cpuPercent: 5, switches: 10_000, rssMib: 100 } },
  connections: {
    loggedIn: 2,
    refused: {},
    failed: 0,
    closedByServer: 0,
    kicked: 0,
    statusNotifies: 0,
    otherPdus: 0,
  },
  figures: { 'KiB & <more>': 4, ratio: 0.4 },
};

const scenario: Scenario = {
  name: 'p2p-x',
  title: 'one <thing>',
  baseline: 'rows',
  targets: [
    rateTarget('acked', 2_500),
    latencyTarget('ack', 'p99', 5),
    figureTarget('absent', 'KiB', { atMost: 1 }),
    figureTarget('ratio', 'of it', { atLeast: 0.5 }),
  ],
  run: async () => result,
};

const report: Report = {
  startedAt: '2026-01-01T00:00:00Z',
  commit: 'abc',
  quick: false,
  machine: describeMachine('PostgreSQL 18'),
  baseline,
  scenarios: [
    reportScenario(scenario, [{ x: 0, label: '', result }], baseline),
    reportScenario(
      { ...scenario, name: 'grow', axis: 'servers' },
      [1, 2].map((x) => ({ x, label: `${x}`, result })),
      baseline,
    ),
    { name: 'broken', title: '', error: 'no <luck>', points: [], targets: [] },
  ],
};

test('compares with targets and with the baseline', () => {
  const { points, targets } = report.scenarios[0]!;
  expect(points).toMatchObject([
    { ratioToBaseline: 0.25, microseconds: { msg_server: 20 }, switches: { msg_server: 2 }, problems: [] },
  ]);
  expect(targets.map(({ measured, met }) => [measured, met])).toEqual([
    [2_500, true],
    [9, false],
    [undefined, undefined],
    [0.4, false],
  ]);
});

test('shows every point as a row, and every target with its verdict', () => {
  const text = describeReport(report);
  expect(text).toMatch(/^p2p-x +2,500 +1\.0 +9\.0 +12\.0 +20\.0 +0\.25 +20\.0$/m);
  expect(text).toMatch(/^grow 2 /m);
  expect(text).toContain('p2p-x: ack p99 9 ms (at most 5): MISSED');
  expect(text).toContain('p2p-x: absent ? KiB (at most 1): not measured');
  expect(text).toContain('p2p-x: ratio 0.4 of it (at least 0.5): MISSED');
  expect(text).toContain('broken: not measured: no <luck>');
});

test('is one page that needs nothing from elsewhere', () => {
  const page = pageOf(report);
  expect(page).not.toMatch(/https?:|src=|href=|<script|@import|url\(/);
  expect(page.match(/<svg /g)!.length).toBeGreaterThan(3);
  expect(page).toContain('KiB &amp; &lt;more&gt;');
  expect(page).toContain('no &lt;luck&gt;');
  expect(page).not.toContain('NaN');
});

test('aligns columns', () => {
  expect(
    alignColumns([
      ['a', '1', ''],
      ['bcd', '22'],
    ]),
  ).toEqual(['a     1', 'bcd  22']);
});

test('says where the time of a profile went, once', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'profile-'));
  const frame = (functionName: string, url: string) => ({ functionName, url, lineNumber: 4 });
  const profile = {
    nodes: [
      { id: 0, callFrame: frame('(root)', ''), children: [1, 3] },
      { id: 1, callFrame: frame('(idle)', '') },
      { id: 2, callFrame: frame('encode', 'file:///x/node_modules/@grpc/grpc-js/build/a.js') },
      {
        id: 3,
        callFrame: frame('send', 'file:///x/services/msg_server/dist/handlers/send.js'),
        children: [2, 4],
      },
      { id: 4, callFrame: frame('writeBuffer', '') },
    ],
    // The first one is before the time that counts.
    samples: [3, 1, 2, 3, 3, 4],
    startTime: 1_000_000,
    timeDeltas: [10_000, 90_000, 1_000, 1_000, 1_000, 1_000],
  };
  await writeFile(path.join(folder, 'CPU.1.cpuprofile'), JSON.stringify(profile));
  const measured = [[1_050_000, 1_200_000]] as const;
  const text = (await reportProfiles(folder, measured)).join('\n');
  expect(text).toMatch(/services\/msg_server\/handlers +50\.0 % +2 ms/);
  expect(text).toMatch(/@grpc\/grpc-js +25\.0 %/);
  expect(text).toMatch(/native +25\.0 %/);
  expect(text).toMatch(/send handlers\/send\.js:5 +50\.0 %/);
  expect(await reportProfiles(folder, measured)).toEqual([]);
  expect((await readdir(folder)).sort()).toEqual(['CPU.1.collapsed', 'seen-CPU.1.cpuprofile']);
  const send = 'send handlers/send.js:5';
  expect(await readFile(path.join(folder, 'CPU.1.collapsed'), 'utf8')).toBe(
    `${send} 2000\n${send};encode build/a.js:5 1000\n${send};writeBuffer 1000\n`,
  );
  await rm(folder, { recursive: true });
});
