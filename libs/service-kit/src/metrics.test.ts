import { expect, it } from 'vitest';
import { every } from './every.js';
import { Metrics } from './metrics.js';
import { readMetrics } from './metrics-text.js';

it('the lag of the event loop is that of periodic work, and begins anew with each reading', async () => {
  const metrics = new Metrics('some');
  metrics.collectProcess();
  const read = async () => {
    const samples = readMetrics(await metrics.registry.metrics());
    const lag = (figure: string) =>
      samples.find(({ name }) => name === `nodejs_eventloop_lag_${figure}_seconds`)?.value ?? NaN;
    return { max: lag('max'), p99: lag('p99'), mean: lag('mean') };
  };
  const wakeUp = () =>
    new Promise<void>((resolve) => {
      const stop = every(50, () => {
        void stop();
        resolve();
      });
    });
  await wakeUp();
  await read();
  // Blocks the event loop for longer than the next wake-up is away.
  const late = wakeUp();
  const begun = performance.now();
  while (performance.now() - begun < 400);
  await late;
  const { max, p99, mean } = await read();
  for (const seconds of [max, p99, mean]) expect(seconds).toBeGreaterThan(0.3);
  // A busy machine is late too, but not every time.
  await expect
    .poll(async () => {
      await wakeUp();
      return (await read()).max;
    })
    .toBeLessThan(0.3);
});

it('a gauge by a label shows what is there at each reading', async () => {
  const metrics = new Metrics('some');
  let queues = new Map([
    ['a', 1],
    ['b', 2],
  ]);
  metrics.gaugeBy('queue', 'waiting', 'Things that wait', () => queues);
  const read = async () =>
    readMetrics(await metrics.registry.metrics()).map(({ labels, value }) => [labels.queue, value]);
  expect(await read()).toEqual([
    ['a', 1],
    ['b', 2],
  ]);
  queues = new Map([['b', 3]]);
  expect(await read()).toEqual([['b', 3]]);
});
