import { setTimeout as wait } from 'node:timers/promises';
import type { TextCodec } from '@teamtalk/protocol';
import { pushApi, pushes, type ReplicaPool } from '@teamtalk/rpc';
import { every, type Kit } from '@teamtalk/service-kit';
import { alertsOfBatch, type Preview } from './notification/alert.js';
import type { Alert } from './notification/fitted.js';
import type { PcPresence } from './pc-presence.js';
import type { PhoneReceipts } from './phone-receipts.js';
import { ProviderGate, type Returned } from './provider-gate.js';
import { answerMs, type Outcome, type Provider } from './providers/provider.js';
import { notificationOf } from './push-notification.js';
import { PushPace, type PushRates } from './push-pace.js';

const { PUSH_ACCEPTED, PUSH_RETRY, PUSH_DROPPED, PUSH_DEVICE_GONE } = pushApi.push.PushOutcome;

export interface PushSenderOptions {
  kit: Kit;
  pool: Pick<ReplicaPool, 'call' | 'callOnce' | 'replicas'>;
  providers: ProviderSource;
  isOnPc: PcPresence;
  acknowledged: PhoneReceipts;
  codec: TextCodec;
  config: {
    preview: Preview;
    holdMs: number;
    timeZone: string;
    maxInFlight: number;
    rates: PushRates;
    androidProvider: string;
  };
}

/** The current providers. While there are none, no pushes are claimed. */
interface ProviderSource {
  readonly size: number;
  /** whether providers may be added later */
  readonly mayChange?: boolean;
  get(name: string): Provider | undefined;
}

/** Milliseconds between two polls for due pushes, and until an outcome is reported with others. */
const pollMs = 150;
const reportMs = 20;
/** Most pushes claimed or reported by one call. */
const maxBatch = 500;
/** Milliseconds the store has to respond. */
const storeMs = 2_000;
/** Age of a claim at which a push is no longer begun, because it would end before the provider's answer is reported, milliseconds. */
const maxClaimAgeMs = 8_000 - answerMs - 500;
/** Pause before the second attempt, doubled with each attempt, milliseconds. Including jitter it stays below a minute. */
const retryMs = { first: 1_000, most: 40_000 };

type Push = pushApi.push.Push;
/** What a push shows. */
type Shown = { alertOf: (push: Push) => Alert; silent: boolean };
type Finished = pushApi.push.FinishedPush.$Properties;

/**
 * Claims due pushes and gives them to their providers. A claim is good for 8 s: if this process dies, another one sends
 * them, under the same ids. While a provider accepts nothing, its pushes go back until they expire.
 */
export class PushSender {
  readonly #options: PushSenderOptions;
  readonly #stopPolling: () => Promise<void>;
  readonly #inFlight = new Set<Promise<void>>();
  readonly #outcomes;
  readonly #seconds;
  /** by the provider's name */
  readonly #gates = new Map<string, ProviderGate>();
  readonly #paces = new Map<string, PushPace>();
  readonly #overRate;
  #finished: Finished[] = [];
  #reporting: NodeJS.Timeout | undefined;
  #reports: Promise<void> = Promise.resolve();
  #claiming: Promise<void> | undefined;
  #failing = false;
  #stopping = false;

  constructor(options: PushSenderOptions) {
    this.#options = options;
    const { metrics } = options.kit;
    this.#outcomes = metrics.counter(
      'pushes_total',
      'Pushes by provider and what it said to them; `returned`: they went back to the queue and were not sent',
      ['provider', 'outcome'],
    );
    this.#seconds = metrics.histogram(
      'push_seconds',
      'Time from the first message of a push being stored until its provider has accepted it',
    );
    this.#overRate = metrics.counter(
      'pushes_over_rate_total',
      'Pushes above PUSH_RATE, which waited or went back to the queue',
      ['provider', 'outcome'],
    );
    metrics.gauge('pushes_in_flight', 'Pushes given to providers', () => this.#inFlight.size);
    metrics.gaugeBy(
      'provider',
      'providers_blocked',
      'Whether a provider accepts nothing, mostly for wrong credentials',
      () =>
        [...this.#gates].map(([name, { provider, blocked }]) => {
          // A provider with a new credential is a different one.
          return [name, blocked && options.providers.get(name) === provider ? 1 : 0] as const;
        }),
    );
    const { size, mayChange = false } = options.providers;
    this.#stopPolling = size > 0 || mayChange ? every(pollMs, () => this.#poll()) : async () => {};
  }

  /** Waits for the pushes in flight, which take 5 s at most, and reports them. */
  async stop(): Promise<void> {
    this.#stopping = true;
    void this.#stopPolling();
    await this.#claiming;
    await Promise.all(this.#inFlight);
    this.#report();
    await this.#reports;
  }

  #poll(): void {
    this.#claiming ??= this.#claim().finally(() => {
      this.#claiming = undefined;
    });
  }

  async #claim(): Promise<void> {
    const { pool, config, codec, isOnPc, acknowledged, providers } = this.#options;
    const { holdMs, timeZone, maxInFlight } = config;
    // While no store is known there is nothing to log.
    if (providers.size === 0 || pool.replicas.length === 0) return;
    try {
      for (let more = true; more && !this.#stopping; ) {
        const limit = Math.min(maxInFlight - this.#inFlight.size, maxBatch);
        if (limit <= 0) return;
        const startBy = performance.now() + maxClaimAgeMs;
        const claimed = await pool.callOnce(pushes.claim, { limit, holdMs, timeZone }, storeMs);
        this.#failing = false;
        const batch = (claimed.pushes ?? []) as Push[];
        more = claimed.more ?? false;
        if (batch.length === 0) continue;
        const [onPc, onPhone] = await Promise.all([
          isOnPc(batch.map(({ userId }) => userId)),
          acknowledged(batch),
        ]);
        const alertOf = alertsOfBatch(config.preview, codec);
        for (const push of batch) {
          if (onPhone.has(push))
            this.#finish(
              push,
              this.#nameOf(push),
              { kind: 'refused', reason: 'acknowledged' },
              'acknowledged',
            );
          else this.#begin(push, { alertOf, silent: onPc.has(push.userId) }, startBy);
        }
      }
    } catch (error) {
      this.#failed(error);
    }
  }

  #begin(push: Push, shown: Shown, startBy: number): void {
    const sent = this.#send(push, shown, startBy).finally(() => this.#inFlight.delete(sent));
    this.#inFlight.add(sent);
  }

  async #send(push: Push, shown: Shown, startBy: number): Promise<void> {
    const name = this.#nameOf(push);
    const provider = this.#options.providers.get(name);
    if (!provider) {
      // Expected for phones whose provider is not configured, so it is not reported as a failure.
      this.#finish(push, name, { kind: 'refused', reason: 'no-provider' }, 'no-provider');
      return;
    }
    const pass = this.#gate(name, provider).enter(push.token, this.#mostInFlight(provider));
    if ('reason' in pass) {
      this.#return(push, name, pass);
      return;
    }
    const returned = await this.#turn(name, startBy);
    if (returned) {
      pass.leave();
      this.#return(push, name, returned);
      return;
    }
    const outcome = await provider.send(notificationOf(push, shown));
    pass.leave(outcome);
    if (outcome.kind === 'accepted') {
      this.#seconds.observe(Math.max(0, Date.now() - push.storedAt) / 1_000);
    }
    this.#finish(push, name, outcome, outcome.kind, shown.silent);
  }

  /** Waits for the turn of a push. @returns undefined: it is its turn */
  async #turn(name: string, startBy: number): Promise<Returned | undefined> {
    const late = () => performance.now() > startBy;
    if (late()) return { reason: 'late', afterMs: lateMs() };
    const turn = this.#pace(name).take(performance.now());
    if ('afterMs' in turn) {
      this.#overRate.inc({ provider: name, outcome: 'returned' });
      return { reason: 'rate', afterMs: turn.afterMs };
    }
    if (turn.waitMs > 0) {
      this.#overRate.inc({ provider: name, outcome: 'waited' });
      await wait(turn.waitMs);
    }
    return late() ? { reason: 'late', afterMs: lateMs() } : undefined;
  }

  #return(push: Push, name: string, returned: Returned): void {
    this.#finish(push, name, { kind: 'retry', ...returned }, 'returned');
  }

  #nameOf({ provider }: Push): string {
    return provider === 'android' ? this.#options.config.androidProvider : provider;
  }

  #pace(provider: string): PushPace {
    const known = this.#paces.get(provider);
    if (known) return known;
    const { every: rate, of } = this.#options.config.rates;
    const pace = new PushPace(of.get(provider) ?? rate);
    this.#paces.set(provider, pace);
    return pace;
  }

  /** A provider with a new credential is a different one. */
  #gate(name: string, provider: Provider): ProviderGate {
    const known = this.#gates.get(name);
    if (known?.provider === provider) return known;
    const gate = new ProviderGate(provider, this.#options.kit.log);
    this.#gates.set(name, gate);
    return gate;
  }

  /** Of several providers none has more than half the places, so that one that hangs leaves some to others. */
  #mostInFlight({ concurrency = Number.POSITIVE_INFINITY }: Provider): number {
    const { providers, config } = this.#options;
    const share = providers.size > 1 ? Math.ceil(config.maxInFlight / 2) : config.maxInFlight;
    return Math.min(concurrency, share);
  }

  /** @param silent it was sent without a banner */
  #finish(
    push: Push,
    provider: string,
    outcome: Outcome,
    counted: string = outcome.kind,
    silent = false,
  ): void {
    this.#outcomes.inc({ provider, outcome: counted });
    const { jobId, msgId, attempts, badge } = push;
    this.#finished.push({ jobId, msgId, attempts, badge, silent, ...reported(outcome, attempts) });
    if (this.#finished.length >= maxBatch) this.#report();
    else this.#reporting ??= setTimeout(() => this.#report(), reportMs);
  }

  /** Outcomes that cannot be reported are lost with their claims: those pushes are sent once more, under the same ids. */
  #report(): void {
    clearTimeout(this.#reporting);
    this.#reporting = undefined;
    const finished = this.#finished;
    if (finished.length === 0) return;
    this.#finished = [];
    const report = this.#options.pool.call(pushes.finish, { pushes: finished }, storeMs).then(
      () => {},
      (error: unknown) => this.#failed(error),
    );
    this.#reports = Promise.all([this.#reports, report]).then(() => {});
  }

  #failed(error: unknown): void {
    if (!this.#failing) this.#options.kit.log.warn({ err: error }, 'push store unavailable');
    this.#failing = true;
  }
}

function reported(outcome: Outcome, attempts: number): Finished {
  switch (outcome.kind) {
    case 'accepted':
      return { outcome: PUSH_ACCEPTED, reason: outcome.id };
    case 'gone':
      return { outcome: PUSH_DEVICE_GONE, reason: outcome.reason, goneAt: outcome.since ?? 0 };
    case 'refused':
    case 'unsupported':
      return { outcome: PUSH_DROPPED, reason: outcome.reason };
    default:
      return {
        outcome: PUSH_RETRY,
        reason: outcome.reason,
        retryMs: Math.ceil(outcome.afterMs ?? backoff(attempts)),
        unsure: outcome.kind === 'retry' && (outcome.unsure ?? false),
      };
  }
}

/** The store or the bus is slow: not at once again. */
const lateMs = () => 500 + Math.random() * 500;

/** With jitter, so that what failed together does not come back together. */
function backoff(attempts: number): number {
  const pause = Math.min(retryMs.first * 2 ** Math.min(attempts - 1, 10), retryMs.most);
  return pause * (0.75 + Math.random() / 2);
}
