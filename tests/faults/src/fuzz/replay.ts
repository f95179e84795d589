import { setTimeout as delay } from 'node:timers/promises';
import { fuzzersOf } from './listeners.js';
import type { Sent } from './making/input.js';
import { Senders } from './senders.js';
import { Installation } from './testbed/installation.js';
import { Watch } from './watch.js';

/** Time in which what goes wrong shows, milliseconds. */
const showMs = 2_000;

/**
 * Sends recorded inputs to a new installation, and halves them as long as something still goes wrong.
 * @returns those that are needed; undefined: nothing went wrong
 */
export async function replay(
  inputs: readonly Sent[],
  report: (text: string) => void,
): Promise<Sent[] | undefined> {
  let needed = [...inputs];
  if (!(await goesWrong(needed, report))) return undefined;
  for (let parts = 2; needed.length > 1 && parts <= needed.length; ) {
    const size = Math.ceil(needed.length / parts);
    let isLess = false;
    for (let at = 0; at < needed.length; at += size) {
      const without = [...needed.slice(0, at), ...needed.slice(at + size)];
      if (without.length > 0 && (await goesWrong(without, report))) {
        needed = without;
        isLess = true;
        break;
      }
    }
    report(`${needed.length} inputs are needed`);
    if (isLess) parts = Math.max(2, parts - 1);
    else if (size === 1) break;
    else parts = Math.min(needed.length, parts * 2);
  }
  return needed;
}

async function goesWrong(inputs: readonly Sent[], report: (text: string) => void): Promise<boolean> {
  const installation = await Installation.start(fuzzersOf(1));
  try {
    const watch = new Watch(installation);
    const senders = await Senders.open(installation.cluster);
    await Promise.all(inputs.map(({ input }) => senders.send(input)));
    await delay(showMs);
    await watch.look();
    await senders.close();
    for (const problem of watch.problems) report(problem);
    return watch.problems.length > 0;
  } finally {
    await installation.stop();
  }
}
