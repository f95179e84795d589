import { isAlive, type ServiceName } from '@teamtalk/local-stack';
import type { Round } from '../faults/fault.js';
import { pause } from '../faults/fault.js';
import { stepClock } from '../testbed/clock.js';
import type { TestChaosCluster } from '../testbed/test-chaos-cluster.js';
import {
  type Action,
  type Disturbance,
  describe,
  isService,
  type LinkName,
  nameOf,
  nameOfLink,
  type Process,
  type Schedule,
  type Step,
} from './schedule.js';

/** How long to wait for a trigger, milliseconds. */
const triggerMs = 8_000;
const startLimitMs = 60_000;
const startRetryMs = 300;

/** Carries out a schedule; resolves when all of it is over and every process runs again. */
export async function inject(testbed: TestChaosCluster, schedule: Schedule, round: Round): Promise<void> {
  const injection = new Injection(testbed, round);
  const outcomes = await Promise.allSettled(schedule.map((step) => injection.carryOut(step)));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

class Injection {
  readonly #testbed: TestChaosCluster;
  readonly #round: Round;
  /** Processes with a fault: others aimed at them meanwhile are left out. */
  readonly #busy = new Set<string>();

  constructor(testbed: TestChaosCluster, round: Round) {
    this.#testbed = testbed;
    this.#round = round;
  }

  async carryOut(step: Step): Promise<void> {
    const { at } = step;
    if (typeof at === 'number') {
      await pause(at);
      return this.#act(step);
    }
    await pause(at.afterMs);
    const { link, event, delayMs } = at;
    await new Promise<void>((resolve, reject) => {
      const act = () => this.#act(step).then(resolve, reject);
      const forget = this.#linkOf(link).once(event, () => {
        clearTimeout(timer);
        // Without a delay it acts at once, before the bytes that triggered it are passed on.
        if (delayMs === 0) void act();
        else setTimeout(act, delayMs);
      });
      const timer = setTimeout(() => {
        forget();
        this.#testbed.report(`not triggered: ${describe(step)}`);
        resolve();
      }, triggerMs);
    });
  }

  async #act(step: Step): Promise<void> {
    const name = step.do === 'link' ? nameOfLink(step.link) : this.#nameOf(step.process);
    if (this.#busy.has(name)) return;
    this.#busy.add(name);
    const ended = this.#round.times.begin();
    try {
      await this.#carryOut(step);
    } finally {
      ended();
      this.#busy.delete(name);
    }
  }

  async #carryOut(action: Action): Promise<void> {
    switch (action.do) {
      case 'kill':
        return this.#kill(action.process, action.ms);
      case 'restart':
        return this.#restart(action.process);
      case 'pause':
        return this.#pause(action.process, action.ms);
      case 'link':
        return this.#disturb(action.link, action.how, action.ms);
      case 'clock':
        return this.#stepClock(action.process, action.ms);
    }
  }

  async #kill(process: Process, ms: number): Promise<void> {
    if (isService(process)) {
      await this.#testbed.cluster.kill(process.name, process.k, 'SIGKILL');
      await pause(ms);
      return this.#start(process.name, process.k);
    }
    const server = this.#testbed.servers.process(process.name, process.k);
    await server.kill();
    await pause(ms);
    await server.start();
  }

  async #restart(process: Process): Promise<void> {
    if (!isService(process)) throw new Error(`${process.name} is only killed`);
    await this.#testbed.cluster.stopNode(process.name, process.k);
    await this.#start(process.name, process.k);
  }

  /** Like a supervisor: again and again, while PostgreSQL or NATS is down. */
  async #start(service: ServiceName, k: number): Promise<void> {
    const { cluster } = this.#testbed;
    const end = performance.now() + startLimitMs;
    for (;;) {
      try {
        return await cluster.restart(service, k);
      } catch (error) {
        if (performance.now() > end) throw error;
        // The process runs but is not ready yet, or has exited.
        const node = cluster.node(service, k);
        if (isAlive(node.pid)) {
          if (
            await node.readiness().then(
              ({ ready }) => ready,
              () => false,
            )
          )
            return;
        } else await cluster.kill(service, k);
        await pause(startRetryMs);
      }
    }
  }

  async #pause(process: Process, ms: number): Promise<void> {
    const { cluster, servers } = this.#testbed;
    if (isService(process)) {
      await cluster.kill(process.name, process.k, 'SIGSTOP');
      await pause(ms);
      return cluster.kill(process.name, process.k, 'SIGCONT');
    }
    const server = servers.process(process.name, process.k);
    server.signal('SIGSTOP');
    await pause(ms);
    server.signal('SIGCONT');
  }

  async #disturb(name: LinkName, how: Disturbance, ms: number): Promise<void> {
    const link = this.#linkOf(name);
    if (how === 'cut') link.cut();
    else if (how === 'block') link.block();
    else if (how === 'block-to-server') link.block('to-target');
    else if (how === 'block-from-server') link.block('to-client');
    else link.slow(how === 'slow' ? { delayMs: 200 } : { lossRate: 0.05 });
    await pause(ms);
    link.restore();
  }

  async #stepClock(process: Process, ms: number): Promise<void> {
    if (!isService(process)) throw new Error(`${process.name} has the machine's clock`);
    const { pid } = this.#testbed.cluster.node(process.name, process.k);
    stepClock(pid);
    await pause(ms);
    // A process started meanwhile has the right clock.
    if (pid === this.#testbed.cluster.node(process.name, process.k).pid) stepClock(pid);
  }

  /** The same name for the same process. */
  #nameOf(process: Process): string {
    return isService(process) ? nameOf(process) : this.#testbed.servers.process(process.name, process.k).name;
  }

  #linkOf({ server, service, k }: LinkName) {
    return this.#testbed.links.get(server, service, k);
  }
}
