import { type Fault, pause } from './fault.js';

const hourMs = 3_600_000;
const runMs = 10_000;

/** Makes a Node process believe that it is an hour later; durations stay what they are. */
const hourAhead = `
const { Date: Real } = globalThis;
globalThis.Date = class Date extends Real {
  constructor(...words) { words.length > 0 ? super(...words) : super(Real.now() + ${hourMs}); }
  static now() { return Real.now() + ${hourMs}; }
};`;

/** One msg_server's clock is an hour ahead of everybody else's; then the other one is killed. */
export const clocks: Fault = {
  name: 'clocks',
  title: 'clocks of the msg_servers an hour apart, one killed',
  rounds: 2,
  async inject({ cluster }, { ended }) {
    await cluster.stopNode('msg_server', 0);
    const script = `data:text/javascript,${encodeURIComponent(hourAhead)}`;
    await cluster.restart('msg_server', 0, { NODE_OPTIONS: `--import=${script}` });
    await pause(runMs);
    await cluster.kill('msg_server', 1);
    ended();
    await cluster.restart('msg_server', 1);
  },
};
