import type { TestCluster } from '@teamtalk/cluster';
import { type Figures, witnessName } from './attack.js';
import { p99, timesOf, timesUntil } from './attacker.js';

/** How long witnesses are looked at before the attack, and at least during it, milliseconds. */
const watchedMs = 8_000;
/** Milliseconds between two messages, below the message rate, and between two logins. */
const messageMs = 60;
const loginMs = 150;

/**
 * What others notice of an attack: how long a login and the way of a message to its receiver take, first in quiet, then
 * while the attack goes on. What fails counts as 10 s.
 */
export async function withWitnesses(cluster: TestCluster, attack: () => Promise<Figures>): Promise<Figures> {
  const ids = await cluster.addUsers(['reader', 'writer']);
  const reader = await cluster.connect('reader');
  const writer = await cluster.connect('writer');
  const sendOne = async () => {
    await Promise.all([reader.nextMessage(10_000), writer.send({ user: ids.reader }, 'hello')]);
  };
  const watch = async (isOver: () => boolean) => {
    const [messages, logins] = await Promise.all([
      timesUntil(isOver, messageMs, sendOne),
      timesUntil(isOver, loginMs, () => logInOnce(cluster)),
    ]);
    return { messages: p99(messages), logins: p99(logins) };
  };
  // The first ones open what later ones use.
  await timesOf(20, sendOne);
  await timesOf(5, () => logInOnce(cluster));
  const quietEnd = performance.now() + watchedMs;
  const quiet = await watch(() => performance.now() > quietEnd);
  const end = performance.now() + watchedMs;
  let isDone = false;
  const watching = watch(() => isDone && performance.now() > end);
  const figures = await attack().finally(() => {
    isDone = true;
  });
  const loud = await watching;
  return {
    ...figures,
    'messages p99, ms': `${quiet.messages} -> ${loud.messages}`,
    'logins p99, ms': `${quiet.logins} -> ${loud.logins}`,
  };
}

export async function logInOnce(cluster: TestCluster): Promise<void> {
  (await cluster.logInRaw(witnessName, { deadlineMs: 10_000 })).close();
}
