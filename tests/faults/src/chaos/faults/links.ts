import { type Fault, pause } from './fault.js';

type Which = 'postgres' | 'nats';

const names = { postgres: 'PostgreSQL', nats: 'NATS' };
const slowMs = 10_000;

/** Every connection breaks, and none can be made for a while. */
export function cut(which: Which, ms: number): Fault {
  return {
    name: `cut-${which}`,
    title: `connections to ${names[which]} cut for ${ms / 1000} s`,
    rounds: 5,
    async inject({ links }, { ended }) {
      for (const link of links.to(which)) link.cut();
      await pause(ms);
      links.restore();
      ended();
    },
  };
}

/** Nothing gets through, without an error; then everything that was in flight arrives. */
export function block(which: Which, ms: number): Fault {
  return {
    name: `block-${which}`,
    title: `connections to ${names[which]} silently dead for ${ms / 1000} s`,
    rounds: 3,
    async inject({ links }, { ended }) {
      for (const link of links.to(which)) link.block();
      await pause(ms);
      links.restore();
      ended();
    },
  };
}

export function delay(which: Which): Fault {
  return {
    name: `delay-${which}`,
    title: `connections to ${names[which]} 200 ms slower each way for ${slowMs / 1000} s`,
    rounds: 3,
    async inject({ links }, { ended }) {
      for (const link of links.to(which)) link.slow({ delayMs: 200 });
      await pause(slowMs);
      links.restore();
      ended();
    },
  };
}

export function loss(which: Which): Fault {
  return {
    name: `loss-${which}`,
    title: `connections to ${names[which]} lose 5% for ${slowMs / 1000} s`,
    rounds: 3,
    async inject({ links }, { ended }) {
      for (const link of links.to(which)) link.slow({ lossRate: 0.05 });
      await pause(slowMs);
      links.restore();
      ended();
    },
  };
}
