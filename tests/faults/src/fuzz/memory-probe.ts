// Loaded into a service (--import): SIGUSR2 has it collect garbage and write what memory is left, as a line of its log.
import { writeSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const delays = monitorEventLoopDelay({ resolution: 10 });
delays.enable();

process.on('SIGUSR2', () => {
  const stallMs = Math.round(delays.max / 1e6);
  // Twice: what finalizers let go of is collected by the second one.
  globalThis.gc?.();
  setTimeout(() => {
    globalThis.gc?.();
    const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
    delays.reset();
    writeSync(1, `${JSON.stringify({ level: 'probe', heapUsed, external, arrayBuffers, rss, stallMs })}\n`);
  }, 500);
});
