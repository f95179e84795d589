import { type ClusterOptions, TestCluster } from '@teamtalk/cluster';
import type { BrowserContext } from 'playwright-core';
import { openChromium } from '../chromium.js';

/** An installation with two msg_servers, a file_server, msfs and a web_server, and two browsers. */
export class WebInstallation {
  readonly cluster: TestCluster;
  readonly browsers: readonly [BrowserContext, BrowserContext];

  static async start(options: ClusterOptions = {}): Promise<WebInstallation> {
    const cluster = await TestCluster.start({ msg_server: 2, file_server: 1, msfs: 1, ...options });
    try {
      const urls = [0, 1].map((k) => `ws://127.0.0.1:${cluster.port('msg_server', k, 'ws')}/`);
      await cluster.add('web_server', {
        WEB_SOCKET_URLS: urls.join(),
        FILE_SERVER_URL: `ws://127.0.0.1:${cluster.port('file_server', 0, 'ws')}/`,
        MSFS_URL: cluster.url('msfs'),
      });
      return new WebInstallation(cluster, [await openChromium(), await openChromium()]);
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  private constructor(cluster: TestCluster, browsers: readonly [BrowserContext, BrowserContext]) {
    this.cluster = cluster;
    this.browsers = browsers;
  }

  get url(): string {
    return this.cluster.url('web_server');
  }

  async stop(): Promise<void> {
    await Promise.all(this.browsers.map((browser) => browser.close()));
    await this.cluster.stop();
  }
}
