const hourMs = 3_600_000;

/**
 * Makes a process's wall clock step by an hour, forward or back, at each SIGUSR2; the monotonic clock does not
 * change.
 */
const script = `
const { Date: Real } = globalThis;
const steps = [${hourMs}, 0, ${-hourMs}, 0];
let offset = 0, next = 0;
process.on('SIGUSR2', () => { offset = steps[next++ % steps.length]; });
globalThis.Date = class Date extends Real {
  constructor(...words) { words.length > 0 ? super(...words) : super(Real.now() + offset); }
  static now() { return Real.now() + offset; }
};`;

/** NODE_OPTIONS of a process whose clock can be stepped. */
export const steppingClock = `--import=data:text/javascript,${encodeURIComponent(script)}`;

/** Steps an hour forward, at the next call back to the real time, then an hour back, then to the real time again. */
export function stepClock(pid: number): void {
  process.kill(pid, 'SIGUSR2');
}
