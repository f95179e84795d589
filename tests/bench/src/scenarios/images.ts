import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { LoadResult } from '@teamtalk/load-generator';
import { emptyCounts, UsageWatch, usageBetween } from '@teamtalk/load-generator';
import { startNginx, startSink } from '../images/baseline-servers.js';
import { download, type HttpLoad, type HttpLoadResult, upload } from '../images/http-load.js';
import { compareRounds, median } from '../rounds.js';
import { figureTarget, type Scenario, type ScenarioContext } from '../scenario.js';

const sizes = { '100 KB': 100 * 1024, '5 MB': 5 * 1024 * 1024 };
const connections = 8;
const manyUploads = 200;

const rounds = 5;

/** One side of a comparison; both do the same work. */
interface Side {
  pid: number;
  work: (seconds: number) => Promise<HttpLoadResult>;
}

/** Figures of the scenario. */
interface Figures {
  figures: Record<string, number>;
  rates: Record<string, number>;
}

/** Measures msfs and the baselines in turns. */
async function measureImages({ cluster, quick, say }: ScenarioContext): Promise<LoadResult> {
  const folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-bench-images-'));
  const seconds = quick ? 0.5 : 1.5;
  const [host = '', port = ''] = cluster.address('msfs', 'http').split(':');
  const msfs = { host, port: Number(port), connections };
  const pid = cluster.watched().find(({ name }) => name === 'msfs')!.pid;
  const watch = new UsageWatch(cluster.watched());
  const before = watch.sample();
  const begin = performance.now();
  const measured: Figures = { figures: {}, rates: {} };
  const compare = async (what: string, baselineName: string, baseline: Side, ours: Side) => {
    await compareSides(measured, what, baselineName, baseline, ours, quick ? 1 : rounds, seconds);
  };
  try {
    await upload({ ...msfs, connections: manyUploads, seconds: 0 }, jpegOf(sizes['5 MB']));
    const memory = `msfs memory with ${manyUploads} uploads of 5 MB at once, MB`;
    measured.figures[memory] = peakMegabytes(pid);

    const www = path.join(folder, 'www');
    const sinkFolder = path.join(folder, 'sink');
    await Promise.all([mkdir(www), mkdir(sinkFolder)]);
    const nginx = await startNginx(www, path.join(folder, 'nginx'));
    try {
      for (const [size, bytes] of Object.entries(sizes)) {
        const content = jpegOf(bytes);
        await writeFile(path.join(www, 'image.jpg'), content);
        const imagePath = await uploadOnce(msfs, content);
        const from = (port: number, image: string) => (seconds: number) =>
          download({ ...msfs, port, seconds }, image);
        await compare(
          `download ${size}`,
          'nginx',
          { pid: nginx.pid, work: from(nginx.port, '/image.jpg') },
          { pid, work: from(msfs.port, imagePath) },
        );
      }
    } finally {
      await nginx.stop();
    }
    const sink = await startSink(sinkFolder);
    try {
      const content = jpegOf(sizes['5 MB']);
      const to = (port: number) => (seconds: number) => upload({ ...msfs, port, seconds }, content);
      await compare(
        'upload 5 MB',
        'bare node:http',
        { pid: sink.pid, work: to(sink.port) },
        { pid, work: to(msfs.port) },
      );
    } finally {
      await sink.stop();
    }
    for (const [name, figure] of Object.entries(measured.figures)) say(`  ${name}: ${figure.toFixed(2)}`);
    return {
      mode: 'images',
      wantedRate: 0,
      ...measured,
      connections: emptyCounts(),
      seconds: (performance.now() - begin) / 1000,
      latency: {},
      timeline: {},
      usage: usageBetween(before, watch.sample()),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Measures both sides in turns, the baseline first, after a warm-up. */
async function compareSides(
  { figures, rates }: Figures,
  what: string,
  baselineName: string,
  baseline: Side,
  ours: Side,
  count: number,
  seconds: number,
): Promise<void> {
  const results: [Round, Round][] = [];
  for (const side of [baseline, ours]) await side.work(0.2);
  for (let round = 0; round < count; round++) {
    results.push([await measureRound(baseline, seconds), await measureRound(ours, seconds)]);
  }
  const [theirs, own] = [0, 1].map((side) => results.map((each) => each[side]!)) as [Round[], Round[]];
  const ratio = compareRounds(own.map(megabytes), theirs.map(megabytes));
  const cpu = compareRounds(own.map(microseconds), theirs.map(microseconds));
  rates[`${what} MB`] = median(own.map(megabytes));
  figures[`${what}, MB/s`] = median(own.map(megabytes));
  figures[`${what} by ${baselineName}, MB/s`] = median(theirs.map(megabytes));
  figures[`${what} / ${baselineName}`] = ratio.median;
  figures[`${what} / ${baselineName}, least of ${count} rounds`] = ratio.least;
  figures[`${what} / ${baselineName}, most of ${count} rounds`] = ratio.most;
  figures[`${what}, CPU us each`] = median(own.map(microseconds));
  figures[`${what} by ${baselineName}, CPU us each`] = median(theirs.map(microseconds));
  figures[`${what}, CPU / ${baselineName}`] = cpu.median;
}

interface Round {
  megabytes: number;
  /** CPU of one request */
  microseconds: number;
}

const megabytes = (round: Round) => round.megabytes;
const microseconds = (round: Round) => round.microseconds;

async function measureRound({ pid, work }: Side, seconds: number): Promise<Round> {
  const watch = new UsageWatch([{ name: 'side', pid }]);
  const before = watch.sample();
  const { bytesPerSecond, requests } = await work(seconds);
  const { cpuSeconds } = usageBetween(before, watch.sample()).side!;
  return { megabytes: bytesPerSecond / 1e6, microseconds: (cpuSeconds * 1e6) / requests };
}

async function uploadOnce({ host, port }: Pick<HttpLoad, 'host' | 'port'>, content: Buffer): Promise<string> {
  const form = new FormData();
  form.set('filename', new Blob([new Uint8Array(content)]), 'x.jpg');
  const response = await fetch(`http://${host}:${port}/`, { method: 'POST', body: form });
  return `/${((await response.json()) as { path: string }).path}`;
}

/** Random bytes with a JPEG header. */
function jpegOf(bytes: number): Buffer {
  const content = randomBytes(bytes);
  content.write('ffd8ffe000104a46494600010101', 'hex');
  return content;
}

/** The process's peak memory. */
function peakMegabytes(pid: number): number {
  const kilobytes = /VmHWM:\s*(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1024;
}

export const imageScenarios: readonly Scenario[] = [
  {
    name: 'images',
    title: 'msfs beside nginx (one worker) and a bare node:http server that writes to files',
    shape: { counts: { msfs: 1 }, env: { MSFS_UPLOAD_AUTH: 'open' } },
    fresh: true,
    targets: [
      figureTarget('download 100 KB / nginx', 'of nginx', { atLeast: 0.5 }),
      figureTarget('download 5 MB / nginx', 'of nginx', { atLeast: 0.5 }),
      figureTarget('upload 5 MB / bare node:http', 'of the baseline', { atLeast: 0.5 }),
      figureTarget(`msfs memory with ${manyUploads} uploads of 5 MB at once, MB`, 'MB', { atMost: 300 }),
    ],
    run: measureImages,
  },
];
