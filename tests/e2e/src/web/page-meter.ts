import type { CDPSession, Page } from 'playwright-core';

const meterScript = `
  window.__longTasks = [];
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) window.__longTasks.push(duration);
  }).observe({ type: 'longtask', buffered: true });
  // Resolves with the time when the condition held and was painted.
  window.__painted = (condition) => new Promise((resolve) => {
    const look = () => {
      if (condition()) requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
      else requestAnimationFrame(look);
    };
    look();
  });
`;

/** Measures a page in Chromium, by the DevTools protocol. */
export class PageMeter {
  readonly #page: Page;
  readonly #devTools: CDPSession;
  #bytes = 0;

  /**
   * Before the page is loaded; nothing of it comes from a cache.
   * @param goal an expression: what `untilGoal` waits for
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

  /** What has been loaded, as it came over the network, with its headers. */
  get loadedBytes(): number {
    return this.#bytes;
  }

  async slowDown(times: number): Promise<void> {
    await this.#devTools.send('Emulation.setCPUThrottlingRate', { rate: times });
  }

  /** Milliseconds from the beginning of loading until what makes the goal true is painted. */
  async untilGoal(): Promise<number> {
    return (await this.#page.evaluate('window.__goal')) as number;
  }

  /**
   * @param act a statement
   * @param condition an expression
   * @returns milliseconds until what makes the condition true is painted
   */
  async fromUntil(act: string, condition: string): Promise<number> {
    return (await this.#page.evaluate(`(async () => {
      const begin = performance.now();
      ${act};
      return (await window.__painted(() => ${condition})) - begin;
    })()`)) as number;
  }

  /** Tasks of more than 50 ms since the last call, milliseconds. */
  async longTasks(): Promise<number[]> {
    return (await this.#page.evaluate('window.__longTasks.splice(0)')) as number[];
  }

  /** After a garbage collection. */
  async memory(): Promise<{ heapBytes: number; nodes: number }> {
    await this.#devTools.send('HeapProfiler.collectGarbage');
    const { metrics } = await this.#devTools.send('Performance.getMetrics');
    const of = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? Number.NaN;
    return { heapBytes: of('JSHeapUsedSize'), nodes: of('Nodes') };
  }
}
