import { disturbances, k, nats, pause, pauseMs, spanMs, store } from './parts.js';
import { Random } from './random.js';
import { recoveries } from './recoveries.js';
import type { Action, LinkName, Process, Schedule, Step } from './schedule.js';

const services = ['msg_server', 'route_server', 'db_proxy_server', 'http_msg_server'] as const;

/**
 * The schedule with number `index` of a seed: one or two recoveries with a fault aimed at each, and a few faults
 * at any time. The same seed and number always give the same schedule.
 */
export function drawSchedule(seed: number, index: number): Schedule {
  const random = new Random(seed, index);
  const steps: Step[] = [];
  for (let i = random.between(1, 2); i > 0; i--) steps.push(...random.pick(recoveries).draw(random));
  for (let i = random.between(1, 3); i > 0; i--) {
    steps.push({ ...anyAction(random), at: random.between(0, spanMs) });
  }
  return steps;
}

/** A fault that is not aimed at a recovery. */
function anyAction(random: Random): Action {
  const kind = random.next();
  if (kind < 0.25) return { do: 'kill', process: anyProcess(random), ms: random.between(0, 3_000) };
  if (kind < 0.35) return { do: 'restart', process: { name: random.pick(services), k: k(random) } };
  if (kind < 0.65) return pause(anyProcess(random), pauseMs(random));
  if (kind < 0.95) {
    return { do: 'link', link: anyLink(random), how: random.pick(disturbances), ms: pauseMs(random) };
  }
  return {
    do: 'clock',
    process: { name: random.pick(services), k: k(random) },
    ms: random.between(2_000, 8_000),
  };
}

function anyProcess(random: Random): Process {
  if (random.chance(0.2)) return random.chance(0.5) ? nats(random) : store(random);
  return { name: random.pick(services), k: k(random) };
}

function anyLink(random: Random): LinkName {
  const service = random.pick(services);
  const server = service === 'db_proxy_server' ? random.pick(['nats', 'postgres', 'grpc'] as const) : 'nats';
  return { service, k: k(random), server };
}
