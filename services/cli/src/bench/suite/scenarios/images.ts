import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { emptyCounts } from '../../load/pool.js';
import { UsageWatch, usageBetween } from '../../load/process-usage.js';
import type { LoadResult } from '../../load/result.js';
import { startNginx, startSink } from '../images/floors.js';
import { download, type HttpLoad, upload } from '../images/http-load.js';
import { figureTarget, type Scenario, type ScenarioContext } from '../scenario.js';

const sizes = { '100 KB': 100 * 1024, '5 MB': 5 * 1024 * 1024 };
const connections = 8;
const manyUploads = 200;

/** Each figure once, side by side with the floor; the floor first, so that caches favour neither. */
async function measureImages({ cluster, quick, say }: ScenarioContext): Promise<LoadResult> {
  const folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-bench-images-'));
  const seconds = quick ? 0.5 : 8;
  const [host = '', port = ''] = cluster.address('msfs', 'http').split(':');
  const msfs: HttpLoad = { host, port: Number(port), connections, seconds };
  const pid = cluster.watched().find(({ name }) => name === 'msfs')!.pid;
  const watch = new UsageWatch(cluster.watched());
  const before = watch.sample();
  const begin = performance.now();
  const figures: Record<string, number> = {};
  const rates: Record<string, number> = {};
  try {
    await upload({ ...msfs, connections: manyUploads, seconds: 0 }, jpegOf(sizes['5 MB']));
    figures[`msfs memory with ${manyUploads} uploads of 5 MB at once, MB`] = peakMegabytes(pid);

    const www = path.join(folder, 'www');
    const sinkFolder = path.join(folder, 'sink');
    await Promise.all([mkdir(www), mkdir(sinkFolder)]);
    const nginx = await startNginx(www, path.join(folder, 'nginx'));
    try {
      for (const [size, bytes] of Object.entries(sizes)) {
        const content = jpegOf(bytes);
        await writeFile(path.join(www, 'image.jpg'), content);
        const imagePath = await uploadOnce(msfs, content);
        const floor = await download({ ...msfs, port: nginx.port }, '/image.jpg');
        const ours = await download(msfs, imagePath);
        add(figures, rates, `download ${size}`, ours.bytesPerSecond, floor.bytesPerSecond, 'nginx');
      }
    } finally {
      await nginx.stop();
    }
    const sink = await startSink(sinkFolder);
    try {
      const content = jpegOf(sizes['5 MB']);
      const floor = await upload({ ...msfs, port: sink.port, seconds: seconds / 2 }, content);
      const ours = await upload({ ...msfs, seconds: seconds / 2 }, content);
      add(figures, rates, 'upload 5 MB', ours.bytesPerSecond, floor.bytesPerSecond, 'bare node:http');
    } finally {
      await sink.stop();
    }
    for (const [name, figure] of Object.entries(figures)) say(`  ${name}: ${figure.toFixed(2)}`);
    return {
      mode: 'images',
      wantedRate: 0,
      rates,
      figures,
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

function add(
  figures: Record<string, number>,
  rates: Record<string, number>,
  what: string,
  ours: number,
  floor: number,
  floorName: string,
): void {
  rates[`${what} MB`] = ours / 1e6;
  figures[`${what}, MB/s`] = ours / 1e6;
  figures[`${what} by ${floorName}, MB/s`] = floor / 1e6;
  figures[`${what} / ${floorName}`] = ours / floor;
}

async function uploadOnce({ host, port }: HttpLoad, content: Buffer): Promise<string> {
  const form = new FormData();
  form.set('filename', new Blob([new Uint8Array(content)]), 'x.jpg');
  const response = await fetch(`http://${host}:${port}/`, { method: 'POST', body: form });
  return `/${((await response.json()) as { path: string }).path}`;
}

/** What begins as a JPEG does, and is noise. */
function jpegOf(bytes: number): Buffer {
  const content = randomBytes(bytes);
  content.write('ffd8ffe000104a46494600010101', 'hex');
  return content;
}

/** The most memory the process has had so far. */
function peakMegabytes(pid: number): number {
  const kilobytes = /VmHWM:\s*(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1024;
}

export const imageScenarios: readonly Scenario[] = [
  {
    name: 'images',
    title: 'msfs beside nginx (one worker) and a bare node:http server that writes to files',
    shape: { counts: { msfs: 1 } },
    fresh: true,
    targets: [
      figureTarget('download 100 KB / nginx', 'of nginx', { atLeast: 0.5 }),
      figureTarget('download 5 MB / nginx', 'of nginx', { atLeast: 0.5 }),
      figureTarget('upload 5 MB / bare node:http', 'of the floor', { atLeast: 0.5 }),
      figureTarget(`msfs memory with ${manyUploads} uploads of 5 MB at once, MB`, 'MB', { atMost: 300 }),
    ],
    run: measureImages,
  },
];
