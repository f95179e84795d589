import { expect, it } from 'vitest';
import { Metrics } from './metrics.js';
import { readMetrics } from './metrics-text.js';

it('the lag of the event loop does not include the interval of its monitor', async () => {
  const metrics = new Metrics('some');
  metrics.collectProcess();
  const mean = async () => {
    const samples = readMetrics(await metrics.registry.metrics());
    return samples.find(({ name }) => name === 'teamtalk_some_nodejs_eventloop_lag_mean_seconds')?.value;
  };
  // NaN until the monitor has run; each reading begins anew.
  await expect.poll(mean, { interval: 600, timeout: 20_000 }).toBeLessThan(0.2);
});
