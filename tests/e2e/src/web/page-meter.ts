import type { CDPSession, Page } from 'playwright-core';

const meterScript = `
  window.__longTasks = [];
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) window.__longTasks.push(duration);
  }).observe({ type: 'longtask', buffered: true });
  // Resolves with the time at which the condition holds and has been painted.
  window.__painted = (condition) => new Promise((resolve) => {
    const look = () => {
      if (condition()) requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
      else requestAnimationFrame(look);
    };
    look();
  });
`;

/** Measures a page in Chromium through the DevTools protocol. */
export class PageMeter {
  readonly #page: Page;
  readonly #devTools: CDPSession;
  #bytes = 0;

  /**
   * Call it before the page loads. It disables caches.
   * @param goal the expression that `untilGoal` waits for
   */
  static async open(page: Page, goal = 'true'): Promise<PageMeter> {
    const devTools = await page.context().newCDPSession(page);
    await page.addInitScript(`${meterScript}; window.__goal = window.__painted(() => ${goal});`);
    for (const domain of ['Network', 'Performance', 'HeapProfiler'] as const) {
      await devTools.send(`${domain}.enable`);
    }
    await devTools.send('Network.setCacheDisabled', { cacheDisabled: true });
    return new PageMeter(page, devTools);
  }

  private constructor(page: Page, devTools: CDPSession) {
    this.#page = page;
    this.#devTools = devTools;
    devTools.on('Network.loadingFinished', ({ encodedDataLength }) => {
      this.#bytes += encodedDataLength;
    });
  }

  /** Bytes received over the network so far, headers included. */
  get loadedBytes(): number {
    return this.#bytes;
  }

  async slowDown(times: number): Promise<void> {
    await this.#devTools.send('Emulation.setCPUThrottlingRate', { rate: times });
  }

  /** Milliseconds from navigation until the goal is true and painted. */
  async untilGoal(): Promise<number> {
    return (await this.#page.evaluate('window.__goal')) as number;
  }

  /**
   * @param act the statement to run
   * @param condition the expression to wait for
   * @returns milliseconds until the condition is true and painted
   */
  async fromUntil(act: string, condition: string): Promise<number> {
    return (await this.#page.evaluate(`(async () => {
      const begin = performance.now();
      ${act};
      return (await window.__painted(() => ${condition})) - begin;
    })()`)) as number;
  }

  /** The durations of tasks above 50 ms since the last call, milliseconds. */
  async longTasks(): Promise<number[]> {
    return (await this.#page.evaluate('window.__longTasks.splice(0)')) as number[];
  }

  /** Memory after a garbage collection. */
  async memory(): Promise<{ heapBytes: number; nodes: number }> {
    await this.#devTools.send('HeapProfiler.collectGarbage');
    const { metrics } = await this.#devTools.send('Performance.getMetrics');
    const of = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? Number.NaN;
    return { heapBytes: of('JSHeapUsedSize'), nodes: of('Nodes') };
  }
}
