import type { ServiceName } from '@teamtalk/local-stack';
import type { LinkEvent, Server } from '../testbed/links.js';
import type { Random } from './random.js';
import type { Action, Disturbance, Process, Trigger } from './schedule.js';

/** Just below and just above the services' limits for silence, milliseconds. */
const pauses = [1_200, 2_200, 2_400, 2_500, 3_400, 3_500, 4_000, 4_500, 7_000];
/** Faults at a fixed time begin within this time, milliseconds. */
export const spanMs = 8_000;
export const disturbances: readonly Disturbance[] = [
  'cut',
  'block',
  'block-to-server',
  'block-from-server',
  'slow',
  'lossy',
];
const replicas = 2;

/** @param delayMs at most */
export function when(
  random: Random,
  service: ServiceName,
  index: number,
  server: Server,
  event: LinkEvent,
  afterMs: number,
  delayMs: number,
): Trigger {
  return { link: { service, k: index, server }, event, afterMs, delayMs: random.between(0, delayMs) };
}

export function pause(process: Process, ms: number): Action {
  return { do: 'pause', process, ms };
}

/** One of these durations, sometimes a little shorter or longer. */
export function pauseMs(random: Random): number {
  return random.pick(pauses) + (random.chance(0.5) ? random.between(-80, 80) : 0);
}

export function k(random: Random): number {
  return random.between(0, replicas - 1);
}

/** One of up to three. */
export function nats(random: Random): Process {
  return { name: 'nats', k: random.between(0, 2) };
}

/** The primary, or sometimes the standby if there is one. */
export function store(random: Random): Process {
  return { name: 'postgres', k: random.chance(0.8) ? 0 : 1 };
}

export function msg(index: number): Process {
  return { name: 'msg_server', k: index };
}

export function route(index: number): Process {
  return { name: 'route_server', k: index };
}

export function proxy(index: number): Process {
  return { name: 'db_proxy_server', k: index };
}
