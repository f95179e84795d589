import { stepClock } from '../testbed/clock.js';
import { type Fault, pause } from './fault.js';

const runMs = 10_000;

/** One msg_server's clock is an hour ahead; then the other msg_server is killed. */
export const clocks: Fault = {
  name: 'clocks',
  title: 'clocks of the msg_servers an hour apart, one killed',
  rounds: 2,
  async inject({ cluster }, { ended }) {
    const { pid } = cluster.node('msg_server', 0);
    stepClock(pid);
    await pause(runMs);
    await cluster.kill('msg_server', 1);
    ended();
    await cluster.restart('msg_server', 1);
    stepClock(pid);
  },
};
