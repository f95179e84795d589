import { setTimeout as wait } from 'node:timers/promises';
import { type Directory, Observer, type Overview, totalsOf } from '@teamtalk/observer';
import { busConfig, busEnv, readEnv } from '@teamtalk/service-kit';
import { Failure } from '../failure.js';
import { withNats } from '../installation.js';
import { print, printJson } from '../output.js';
import { serviceConfigurations } from '../services.js';
import { DiscoveredInstances } from './discovered-instances.js';
import { ListedInstances } from './listed-instances.js';
import { Screen } from './screen.js';
import { tableOf } from './table.js';

export interface TopOptions {
  metrics?: string;
  once?: boolean;
  json?: boolean;
  interval: number;
}

/** Milliseconds within which every instance sends a heartbeat: they do once per second. */
const heartbeatMs = 1_200;
/** Milliseconds after which no instance is expected any more. */
const silentMs = 4_000;

/** Shows the installation until a signal, or once. */
export async function top({ metrics, once = false, json = false, interval }: TopOptions): Promise<void> {
  const stop = new AbortController();
  const end = () => stop.abort();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end);
  const directory: Directory =
    metrics === undefined ? await announced(stop.signal) : new ListedInstances(metrics);
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
    await directory.close?.();
  }
}

async function announced(stopped: AbortSignal): Promise<Directory> {
  const config = busConfig(readEnv(busEnv, withNats(process.env)));
  const instances = await DiscoveredInstances.open(config, Object.keys(serviceConfigurations));
  await pause(heartbeatMs / 1000, stopped);
  for (let waited = heartbeatMs; waited < silentMs && instances.known().length === 0; waited += 200) {
    await pause(0.2, stopped);
  }
  if (instances.known().length > 0 || stopped.aborted) return instances;
  await instances.close();
  throw new Failure(
    `no instance announces itself at ${instances.source}: is NATS_PREFIX right, and does anything run?`,
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
    printJson({ time, source, doubt, totals: totalsOf(rows), instances: rows });
    return;
  }
  const lines = tableOf(overview);
  if (screen) screen.draw(lines);
  else print(`${lines.map(({ text }) => text).join('\n')}\n`);
}

async function pause(seconds: number, stopped: AbortSignal): Promise<void> {
  await wait(seconds * 1000, undefined, { signal: stopped }).catch(() => {});
}
