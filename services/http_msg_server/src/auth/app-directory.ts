import { setTimeout as delay } from 'node:timers/promises';
import { apps as appService, type httpApi, type ReplicaPool } from '@teamtalk/rpc';
import { every, type Kit, tokenHash } from '@teamtalk/service-kit';
import { type App, appOf, configuredApp } from './app.js';

export interface AppDirectoryOptions {
  kit: Kit;
  pool: ReplicaPool;
  /** keys from the configuration, which may do everything */
  keys: readonly string[];
}

/** Milliseconds between two refreshes: new and revoked apps are known everywhere by then. */
const refreshIntervalMs = 2_000;
/** Minimum milliseconds between two refreshes caused by unknown keys. */
const minRefreshIntervalMs = 250;
const askTimeoutMs = 700;

/**
 * Caches all apps and refreshes them in the background, so that calls need no lookup in the store. While no
 * db_proxy_server is available the last list is kept.
 */
export class AppDirectory {
  readonly #options: AppDirectoryOptions;
  readonly #configured: ReadonlyMap<string, App>;
  readonly #stopRefreshing: () => Promise<void>;
  readonly #failed;
  #byDigest: ReadonlyMap<string, App> = new Map();
  #byName: ReadonlyMap<string, App> = new Map();
  /** by app id, as received, to keep the rate buckets of unchanged apps */
  #sources = new Map<number, { text: string; app: App }>();
  /** apps that have called since the last refresh */
  #used = new Set<number>();
  #askedAt = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | undefined;
  /** a refresh that has not begun yet */
  #pending: Promise<void> | undefined;
  #failing = false;

  constructor(options: AppDirectoryOptions) {
    this.#options = options;
    this.#configured = new Map(
      options.keys.map((key, i) => [digestOf(key), configuredApp(`APP_KEYS ${i + 1}`)]),
    );
    const { metrics } = options.kit;
    this.#failed = metrics.counter(
      'app_refreshes_failed_total',
      'Times the list of apps could not be fetched',
    );
    metrics.gauge('apps', 'Apps that may call the API', () => this.#byName.size);
    this.#stopRefreshing = every(refreshIntervalMs, () => this.#refresh());
  }

  /**
   * The app with this key.
   * @param refreshIfUnknown whether to refresh the list for an unknown key, which may be new
   */
  async byKey(key: string, refreshIfUnknown: boolean): Promise<App | undefined> {
    const digest = digestOf(key);
    const known = this.#configured.get(digest) ?? this.#byDigest.get(digest);
    if (known || !refreshIfUnknown) return this.noted(known);
    await this.#refreshForUnknown();
    return this.noted(this.#byDigest.get(digest));
  }

  /** Notes that an app has called, which the next refresh reports. */
  noted<Found extends App | undefined>(app: Found): Found {
    if (app && app.id !== 0) this.#used.add(app.id);
    return app;
  }

  /** The app of this name. */
  async byName(name: string): Promise<App | undefined> {
    if (!this.#byName.has(name)) await this.#refreshForUnknown();
    return this.#byName.get(name);
  }

  async stop(): Promise<void> {
    await this.#stopRefreshing();
    await this.#pending;
    await this.#asking;
  }

  /** A refresh that begins after this call, since the app may have been created just now. All callers share it. */
  #refreshForUnknown(): Promise<void> {
    this.#pending ??= this.#refreshLater();
    return this.#pending;
  }

  async #refreshLater(): Promise<void> {
    await this.#asking;
    const ms = this.#askedAt + minRefreshIntervalMs - performance.now();
    if (ms > 0) await delay(ms);
    this.#pending = undefined;
    await this.#asking;
    await this.#refresh();
  }

  #refresh(): Promise<void> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #ask(): Promise<void> {
    const { kit, pool } = this.#options;
    this.#askedAt = performance.now();
    const used = this.#used;
    this.#used = new Set();
    try {
      const list = await pool.call(appService.listApps, { usedAppIds: [...used] }, askTimeoutMs);
      this.#replace(list.apps as httpApi.api.App[]);
      this.#failing = false;
    } catch (error) {
      for (const id of used) this.#used.add(id);
      this.#failed.inc();
      if (!this.#failing) kit.log.warn({ err: error }, 'refreshing apps failed; keeping last list');
      this.#failing = true;
    }
  }

  #replace(list: readonly httpApi.api.App[]): void {
    const sources = new Map<number, { text: string; app: App }>();
    const byDigest = new Map<string, App>();
    const byName = new Map<string, App>();
    for (const each of list) {
      const text = JSON.stringify(each);
      const known = this.#sources.get(each.appId);
      const app = known?.text === text ? known.app : appOf(each);
      sources.set(each.appId, { text, app });
      byName.set(each.name, app);
      if (each.keyHash.length > 0) byDigest.set(Buffer.from(each.keyHash).toString('base64'), app);
    }
    this.#sources = sources;
    this.#byDigest = byDigest;
    this.#byName = byName;
  }
}

function digestOf(key: string): string {
  return tokenHash(key).toString('base64');
}
