const hourMs = 3_600_000;

/** Makes a process's clock step by an hour, forward or back, at each SIGUSR2; durations stay what they are. */
const script = `
const { Date: Real } = globalThis;
const steps = [${hourMs}, 0, ${-hourMs}, 0];
let offset = 0, next = 0;
process.on('SIGUSR2', () => { offset = steps[next++ % steps.length]; });
globalThis.Date = class Date extends Real {
  constructor(...words) { words.length > 0 ? super(...words) : super(Real.now() + offset); }
  static now() { return Real.now() + offset; }
};`;

/** For NODE_OPTIONS of a process whose clock is to step. */
export const steppingClock = `--import=data:text/javascript,${encodeURIComponent(script)}`;

/** Forward, and at the next call back; the time after that first back and then forward. */
export function stepClock(pid: number): void {
  process.kill(pid, 'SIGUSR2');
}
