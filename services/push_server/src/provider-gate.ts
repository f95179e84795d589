import type { Kit } from '@teamtalk/service-kit';
import { answerMs, type Outcome, type Provider } from './providers/provider.js';
import { subscriptionOf } from './providers/web-push/subscription.js';

/** Pushes in a row without an answer after which nothing but probes is sent. */
const maxUnanswered = 20;
/** Pause before a probe, doubled with each that gets no answer, milliseconds. */
const probeMs = { first: 1_000, most: 30_000 };
/** Longest pause that a provider is granted with `Retry-After`, milliseconds. */
const maxWishMs = 60_000;
/** Shortest and longest time until a push above the limit is decided again, milliseconds. */
const busyMs = { least: 250, most: 30_000 };
/** Endpoints with unanswered pushes that are remembered. */
const maxLanes = 1_000;

/** A push that goes back to the queue instead of to its provider. */
export interface Returned {
  reason: string;
  afterMs: number;
}

/** A push that may be sent. */
export interface Pass {
  /** @param outcome left out: it was not sent after all */
  leave(outcome?: Outcome): void;
}

/** What is reached together: a provider, or of Web Push the pushes to one server. */
interface Lane {
  inFlight: number;
  /** pushes in a row without an answer, and why the last one got none */
  unanswered: number;
  reason: string;
  /** 0: none; otherwise probes are sent with this pause */
  pauseMs: number;
  probeAt: number;
}

/**
 * Decides whether a push may be sent to a provider now: not while the provider refuses everything, asks for a pause or does
 * not answer, and not with too many pushes in flight.
 */
export class ProviderGate {
  readonly provider: Provider;
  readonly #log: Kit['log'];
  readonly #now: () => number;
  readonly #lanes = new Map<string, Lane>();
  #inFlight = 0;
  #pause = { blocked: false, reason: '', until: Number.NEGATIVE_INFINITY };
  /** moving average of an answer's time, milliseconds */
  #meanMs = 100;
  /** when the last push above the limit is decided again */
  #tail = Number.NEGATIVE_INFINITY;

  /** @param now milliseconds */
  constructor(provider: Provider, log: Kit['log'], now = () => performance.now()) {
    this.provider = provider;
    this.#log = log;
    this.#now = now;
  }

  /** Whether the provider refuses everything. */
  get blocked(): boolean {
    return this.#pause.blocked && this.#now() < this.#pause.until;
  }

  /** @param most pushes in flight */
  enter(token: string, most: number): Pass | Returned {
    const now = this.#now();
    const { until, reason } = this.#pause;
    if (now < until) return { reason, afterMs: spread(until - now) };
    const origin = this.#originOf(token);
    const lane = this.#lanes.get(origin ?? '') ?? newLane();
    if (now < lane.probeAt) return { reason: lane.reason, afterMs: spread(lane.probeAt - now) };
    const mostOfLane = origin === undefined ? most : Math.ceil(most / 2);
    if (this.#inFlight >= most || lane.inFlight >= mostOfLane) return this.#busy(most);
    this.#inFlight++;
    lane.inFlight++;
    this.#keep(origin ?? '', lane);
    const isProbe = lane.pauseMs > 0;
    // Others wait until it is known what becomes of it.
    if (isProbe) lane.probeAt = now + answerMs + lane.pauseMs;
    return {
      leave: (outcome) => {
        this.#inFlight--;
        lane.inFlight--;
        // Without a request: the provider has said nothing.
        if (outcome && outcome.kind !== 'unsupported')
          this.#heard(lane, outcome, { isProbe, begunAt: now, origin });
        else if (isProbe) lane.probeAt = this.#now();
        if (lane.inFlight === 0 && lane.unanswered === 0) this.#lanes.delete(origin ?? '');
      },
    };
  }

  #heard(
    lane: Lane,
    outcome: Outcome,
    { isProbe, begunAt, origin }: { isProbe: boolean; begunAt: number; origin: string | undefined },
  ): void {
    const now = this.#now();
    this.#meanMs += (now - begunAt - this.#meanMs) / 20;
    if (outcome.kind === 'blocked') this.#block(outcome);
    if (outcome.kind === 'retry' && outcome.all) {
      const until = now + Math.min(outcome.afterMs ?? 0, maxWishMs);
      if (until > this.#pause.until) this.#pause = { blocked: false, reason: outcome.reason, until };
    }
    const fields = { provider: this.provider.name, ...(origin !== undefined && { origin }) };
    if (outcome.kind !== 'retry' || outcome.unsure === undefined) {
      if (lane.pauseMs > 0) this.#log.info(fields, 'push provider answers again');
      lane.unanswered = lane.pauseMs = 0;
      lane.probeAt = Number.NEGATIVE_INFINITY;
      return;
    }
    const { reason } = outcome;
    lane.reason = reason;
    lane.unanswered++;
    if (lane.pauseMs > 0 && !isProbe) return;
    if (lane.pauseMs === 0) {
      if (lane.unanswered < maxUnanswered) return;
      this.#log.warn({ ...fields, reason }, 'push provider does not answer; sending only probes');
    }
    lane.pauseMs = lane.pauseMs === 0 ? probeMs.first : Math.min(2 * lane.pauseMs, probeMs.most);
    lane.probeAt = now + lane.pauseMs;
  }

  #block({ reason, afterMs }: Extract<Outcome, { kind: 'blocked' }>): void {
    const known = this.blocked;
    this.#pause = { blocked: true, reason, until: this.#now() + afterMs };
    if (!known)
      this.#log.error({ provider: this.provider.name, reason }, 'push provider refuses everything; pausing');
  }

  /** They return about as fast as the provider answers those before them. */
  #busy(most: number): Returned {
    const now = this.#now();
    this.#tail = Math.min(Math.max(this.#tail, now + busyMs.least) + this.#meanMs / most, now + busyMs.most);
    return { reason: 'busy', afterMs: this.#tail - now };
  }

  /** Subscriptions of Web Push name the server. @returns undefined: the provider has one for all */
  #originOf(token: string): string | undefined {
    const { name } = this.provider;
    if (name !== 'webpush' && name !== 'unifiedpush') return undefined;
    return subscriptionOf(token)?.endpoint.origin ?? '';
  }

  #keep(name: string, lane: Lane): void {
    if (!this.#lanes.has(name) && this.#lanes.size >= maxLanes) {
      const [oldest] = [...this.#lanes].find(([, { inFlight }]) => inFlight === 0) ?? [];
      if (oldest !== undefined) this.#lanes.delete(oldest);
    }
    this.#lanes.set(name, lane);
  }
}

const newLane = (): Lane => ({
  inFlight: 0,
  unanswered: 0,
  reason: '',
  pauseMs: 0,
  probeAt: Number.NEGATIVE_INFINITY,
});

/** So that what waits for the same does not come back together. */
const spread = (ms: number) => ms * (1 + Math.random() / 4);
