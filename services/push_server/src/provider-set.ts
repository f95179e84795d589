import { type pushApi, pushes, type ReplicaPool } from '@teamtalk/rpc';
import { every, type Kit, SecretKeys } from '@teamtalk/service-kit';
import { openCredential } from './credentials/stored-credential.js';
import { providerConfig, startProviders } from './provider-config.js';
import { type CredentialName, credentialNames, type ProviderVariables } from './provider-env.js';
import { answerMs, type Provider } from './providers/provider.js';
import type { OwnService } from './providers/web-push/web-push.js';

/** Interval between checks of the stored credentials, and the deadline of the store, milliseconds. */
const refreshMs = 5_000;
const storeMs = 2_000;
/** Pause of pushes whose credential is unusable until somebody fixes it, milliseconds. */
const unusableMs = 60_000;
const maxCredentials = 100;

export interface ProviderSetOptions {
  kit: Kit;
  pool: Pick<ReplicaPool, 'callOnce' | 'replicas'>;
  variables: ProviderVariables;
  /** empty: stored credentials are not used */
  credentialKeys: string;
  /** undefined: none */
  ownService?: OwnService | undefined;
}

/**
 * The providers configured by variables, or by stored credentials, which take precedence and are checked every 5 s. A
 * provider whose credential changes is replaced; the former one finishes its pushes in flight.
 */
export class ProviderSet {
  readonly #options: ProviderSetOptions;
  readonly #keys: SecretKeys | undefined;
  readonly #stopRefreshing: () => Promise<void>;
  readonly #providers = new Map<string, Provider>();
  /** replaced providers that may still have pushes in flight, with the timers that stop them */
  readonly #former = new Map<Provider, NodeJS.Timeout>();
  /** stored credentials at the last check, by name, base64 */
  readonly #stored = new Map<CredentialName, string>();
  readonly #unusable = new Set<CredentialName>();
  #complete: boolean;
  #failing = false;

  /** @throws Error when a key in the variables cannot be read */
  constructor(options: ProviderSetOptions) {
    this.#options = options;
    const { kit, variables, credentialKeys, ownService } = options;
    for (const provider of startProviders(providerConfig(variables), undefined, ownService)) {
      this.#providers.set(provider.name, provider);
    }
    this.#keys = credentialKeys === '' ? undefined : new SecretKeys(credentialKeys);
    this.#complete = this.#keys === undefined;
    kit.metrics.gauge(
      'credentials_unusable',
      'Stored credentials that are unreadable or invalid; pushes of their providers wait',
      () => this.#unusable.size,
    );
    this.#stopRefreshing = this.#keys ? every(refreshMs, () => this.refresh()) : async () => {};
    void this.refresh();
  }

  /** Whether providers may be added later. */
  get mayChange(): boolean {
    return this.#keys !== undefined;
  }

  /** 0 until the stored credentials have been read, because pushes without a provider would be dropped. */
  get size(): number {
    return this.#complete ? this.#providers.size : 0;
  }

  get(name: string): Provider | undefined {
    return this.#providers.get(name);
  }

  async stop(): Promise<void> {
    await this.#stopRefreshing();
    for (const timer of this.#former.values()) clearTimeout(timer);
    await Promise.all([...this.#providers.values(), ...this.#former.keys()].map((each) => each.stop()));
  }

  /** Checks the stored credentials once. */
  async refresh(): Promise<void> {
    const { kit, pool } = this.#options;
    if (!this.#keys || pool.replicas.length === 0) return;
    try {
      const { credentials } = await pool.callOnce(pushes.listCredentials, {}, storeMs);
      const stored = new Map(
        (credentials as pushApi.push.StoredCredential[])
          .slice(0, maxCredentials)
          .map(({ provider, sealed }) => [provider, Buffer.from(sealed).toString('base64')]),
      );
      for (const name of credentialNames) this.#apply(name, stored.get(name), this.#keys);
      this.#complete = true;
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) kit.log.warn({ err: error }, 'stored push credentials unavailable');
      this.#failing = true;
    }
  }

  #apply(name: CredentialName, stored: string | undefined, keys: SecretKeys): void {
    if (this.#stored.get(name) === stored) return;
    const { kit, variables, ownService } = this.#options;
    let started: Provider[];
    try {
      const own = stored === undefined ? {} : openCredential(name, keys, Buffer.from(stored, 'base64'));
      started = startProviders(providerConfig({ ...variables, ...own }), name, ownService);
      this.#unusable.delete(name);
      kit.log.info({ provider: name, stored: stored !== undefined }, 'push credential applied');
    } catch (error) {
      kit.log.error({ provider: name, err: error }, 'push credential unusable');
      started = namesOf(name).map(unusable);
      this.#unusable.add(name);
    }
    for (const each of namesOf(name)) this.#retire(each);
    for (const provider of started) this.#providers.set(provider.name, provider);
    if (stored === undefined) this.#stored.delete(name);
    else this.#stored.set(name, stored);
  }

  #retire(name: string): void {
    const provider = this.#providers.get(name);
    if (!provider) return;
    this.#providers.delete(name);
    const timer = setTimeout(() => {
      this.#former.delete(provider);
      void provider.stop();
    }, 2 * answerMs);
    timer.unref();
    this.#former.set(provider, timer);
  }
}

/** The providers that use a credential. */
function namesOf(credential: CredentialName): string[] {
  return credential === 'webpush' ? ['webpush', 'unifiedpush'] : [credential];
}

/** Stands in for a provider whose credential is unusable; its pushes wait. */
function unusable(name: string): Provider {
  return {
    name,
    send: async () => ({ kind: 'blocked', reason: 'credential unusable', afterMs: unusableMs }),
    stop: async () => {},
  };
}
