import { setTimeout as wait } from 'node:timers/promises';
import { busConfig, busEnv, readEnv } from '@teamtalk/service-kit';
import { type Command, InvalidArgumentError } from 'commander';
import { Failure } from '../failure.js';
import { natsUrl } from '../installation.js';
import { print } from '../output.js';
import { serviceConfigurations } from '../services.js';
import type { Directory } from '../top/directory.js';
import { DiscoveredInstances } from '../top/discovered-instances.js';
import { ListedInstances } from '../top/listed-instances.js';
import { Observer, type Overview } from '../top/overview.js';
import { Screen } from '../top/screen.js';
import { tableOf, totalsOf } from '../top/table.js';

interface Options {
  metrics?: string;
  once?: boolean;
  json?: boolean;
  interval: number;
}

/** Milliseconds in which every instance has announced itself: they do once a second. */
const heartbeatMs = 1_200;
/** Milliseconds until it is certain that nobody does. */
const silentMs = 4_000;

/** `teamtalk top` */
export function register(program: Command): void {
  program
    .command('top')
    .description(
      'Show what runs, its connections, rates and lags, until Ctrl-C (found by NATS_URL, or by --metrics)',
    )
    .option('--metrics <addresses>', 'host:port of health and metrics of each instance, separated by commas')
    .option('--interval <seconds>', 'how often to look', parseInterval, 2)
    .option('--once', 'look for one interval, print, end')
    .option('--json', 'print one JSON object a look')
    .action(top);
}

function parseInterval(text: string): number {
  const seconds = Number(text);
  if (!(seconds >= 0.5 && seconds <= 3600)) throw new InvalidArgumentError('0.5 to 3600 seconds');
  return seconds;
}

async function top({ metrics, once = false, json = false, interval }: Options): Promise<void> {
  const stop = new AbortController();
  const end = () => stop.abort();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end);
  const directory = metrics === undefined ? await announced(stop.signal) : new ListedInstances(metrics);
  let screen: Screen | undefined;
  try {
    const observer = new Observer(directory);
    let overview = await observer.look();
    requireSomebody(overview);
    if (once) {
      await pause(interval, stop.signal);
      overview = await observer.look();
    } else if (process.stdout.isTTY && !json) {
      screen = new Screen(process.stdout, { coloured: !process.env.NO_COLOR });
    }
    while (!stop.signal.aborted) {
      show(overview, json, screen);
      if (once) break;
      await pause(interval, stop.signal);
      if (!stop.signal.aborted) overview = await observer.look();
    }
  } finally {
    screen?.close();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, end);
    await directory.close();
  }
}

async function announced(stopped: AbortSignal): Promise<Directory> {
  const config = busConfig(readEnv(busEnv, { ...process.env, NATS_URL: natsUrl(process.env) }));
  const instances = await DiscoveredInstances.open(config, Object.keys(serviceConfigurations));
  await pause(heartbeatMs / 1000, stopped);
  for (let waited = heartbeatMs; waited < silentMs && instances.known().length === 0; waited += 200) {
    await pause(0.2, stopped);
  }
  if (instances.known().length > 0 || stopped.aborted) return instances;
  await instances.close();
  throw new Failure(
    `nobody announces himself at ${instances.source}: is NATS_PREFIX right, and does anything run?`,
  );
}

function requireSomebody({ rows }: Overview): void {
  if (rows.some(({ state }) => state !== 'no answer') || rows.some(({ instance }) => instance !== null))
    return;
  throw new Failure(
    `nothing answers at ${rows.map(({ address, note }) => `${address} (${note})`).join(', ')}`,
  );
}

function show(overview: Overview, json: boolean, screen: Screen | undefined): void {
  if (json) {
    const { time, source, doubt, rows } = overview;
    print(JSON.stringify({ time, source, doubt, totals: totalsOf(rows), instances: rows }));
    return;
  }
  const lines = tableOf(overview);
  if (screen) screen.draw(lines);
  else print(`${lines.map(({ text }) => text).join('\n')}\n`);
}

async function pause(seconds: number, stopped: AbortSignal): Promise<void> {
  await wait(seconds * 1000, undefined, { signal: stopped }).catch(() => {});
}
