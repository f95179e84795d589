import type { Link } from '../testbed/links.js';
import { type Fault, pause } from './fault.js';

type Which = 'postgres' | 'nats';

const names = { postgres: 'PostgreSQL', nats: 'NATS' };
const slowMs = 10_000;

interface Disturbance {
  name: string;
  /** what becomes of the connections */
  title: string;
  rounds: number;
  ms: number;
  disturb(link: Link): void;
}

/** Something happens to every connection to a server for a while. */
function disturbed(which: Which, { name, title, rounds, ms, disturb }: Disturbance): Fault {
  return {
    name: `${name}-${which}`,
    title: `connections to ${names[which]} ${title} for ${ms / 1000} s`,
    rounds,
    async inject({ links }, { ended }) {
      for (const link of links.to(which)) disturb(link);
      await pause(ms);
      links.restore();
      ended();
    },
  };
}

/** Every connection breaks, and none can be made for a while. */
export function cut(which: Which, ms: number): Fault {
  return disturbed(which, { name: 'cut', title: 'cut', rounds: 5, ms, disturb: (link) => link.cut() });
}

/** Nothing gets through, without an error; then everything that was in flight arrives. */
export function block(which: Which, ms: number): Fault {
  const disturb = (link: Link) => link.block();
  return disturbed(which, { name: 'block', title: 'silently dead', rounds: 3, ms, disturb });
}

export function delay(which: Which): Fault {
  const disturb = (link: Link) => link.slow({ delayMs: 200 });
  return disturbed(which, { name: 'delay', title: '200 ms slower each way', rounds: 3, ms: slowMs, disturb });
}

export function loss(which: Which): Fault {
  const disturb = (link: Link) => link.slow({ lossRate: 0.05 });
  return disturbed(which, { name: 'loss', title: 'lose 5%', rounds: 3, ms: slowMs, disturb });
}
