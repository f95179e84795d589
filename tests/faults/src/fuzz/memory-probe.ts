// Loaded into a service (--import): SIGUSR2 has it collect garbage and write what memory is left, as a line of its log.
import { writeSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const delays = monitorEventLoopDelay({ resolution: 10 });
delays.enable();

/** Between two looks at what the process has computed, milliseconds. */
const lookMs = 50;
let at = performance.now();
let used = process.cpuUsage();
let busyMs = 0;

setInterval(() => {
  const now = performance.now();
  const { user, system } = process.cpuUsage(used);
  // A pause of the machine is no work of the process.
  busyMs = Math.max(busyMs, Math.min(now - at - lookMs, (user + system) / 1_000));
  at = now;
  used = process.cpuUsage();
}, lookMs).unref();

process.on('SIGUSR2', () => {
  const stalls = { stallMs: Math.round(delays.max / 1e6), busyMs: Math.round(busyMs) };
  // Twice: what finalizers let go of is collected by the second one.
  globalThis.gc?.();
  setTimeout(() => {
    globalThis.gc?.();
    const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
    delays.reset();
    at = performance.now();
    used = process.cpuUsage();
    busyMs = 0;
    writeSync(1, `${JSON.stringify({ level: 'probe', heapUsed, external, arrayBuffers, rss, ...stalls })}\n`);
  }, 500);
});
