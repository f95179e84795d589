interface Job {
  ms: number;
  /** `now()` of its next call */
  dueAt: number;
  call: () => void;
}

/** Jobs due this soon are called with the ones that are due now, milliseconds. */
const toleranceMs = 3;

const jobs = new Set<Job>();
const observers = new Set<(lateMs: number) => void>();
let timer: NodeJS.Timeout | undefined;
/** `now()` at which the timer is due */
let wakeAt = 0;

/** Milliseconds of the machine's monotonic clock, which all its processes share. */
function now(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1e6;
}

/**
 * Calls `work` every `ms` milliseconds, at multiples of `ms` since the machine started. So all such work of a process
 * shares its wake-ups, and what the processes of a machine tell each other at these times arrives together. While a call
 * is in progress, the next ones are left out.
 * @param work must not reject
 * @returns stops it; resolves when the call in progress is over
 */
export function every(ms: number, work: () => void | Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  const job = {
    ms,
    dueAt: dueAfter(ms),
    call: () => {
      if (running) return;
      const result = work();
      if (result) {
        running = result.finally(() => {
          running = undefined;
        });
      }
    },
  };
  jobs.add(job);
  schedule();
  return async () => {
    jobs.delete(job);
    schedule();
    await running;
  };
}

/** Calls `observer` at each of these wake-ups with how late it is, milliseconds. It causes none itself. */
export function observeWakeUps(observer: (lateMs: number) => void): void {
  observers.add(observer);
}

function dueAfter(ms: number): number {
  return (Math.floor((now() + toleranceMs) / ms) + 1) * ms;
}

function schedule(): void {
  clearTimeout(timer);
  wakeAt = Math.min(...[...jobs].map(({ dueAt }) => dueAt));
  timer = jobs.size > 0 ? setTimeout(callDue, Math.max(1, wakeAt - now())) : undefined;
}

function callDue(): void {
  const begun = now();
  for (const observe of observers) observe(Math.max(0, begun - wakeAt));
  const latest = begun + toleranceMs;
  try {
    for (const job of jobs) {
      if (job.dueAt > latest) continue;
      job.dueAt = dueAfter(job.ms);
      job.call();
    }
  } finally {
    schedule();
  }
}
