import {
  type Msg,
  type NatsConnection,
  PermissionViolationError,
  type Subscription,
} from '@nats-io/transport-node';
import { isTransient, type Logger, TeamTalkError, type Tracing } from '@teamtalk/service-kit';
import { Answers } from './answers.js';
import { BusConnection, type ConnectionOptions } from './connection.js';
import { encode } from './encode.js';
import { userOf } from './identity.js';
import { deadlineError, NobodyListensError, requestError } from './request-error.js';
import type { AnsweredTopic, Topic } from './subjects.js';
import { carrierOf, spanOf, withHeaders } from './trace-context.js';

export interface BusOptions extends ConnectionOptions {
  /** the member of `subjects.ts` that this process is; left out: one that has all permissions */
  member?: string;
  /** undefined: nothing is traced */
  tracing?: Tracing | undefined;
}

export interface SubscribeOptions {
  /** shares the subject's events with the other members of this queue group */
  queue?: string;
}

/** The bytes of an event are not what its subject carries. */
class BrokenEvent extends Error {
  override readonly name = 'BrokenEvent';
}

/** Milliseconds between two lines about broken events of one subject; all are counted. */
const brokenLogMs = 60_000;

/** How long a request on a shared subject waits for a subscriber to come back, milliseconds. */
const sharedGraceMs = 1_500;
/** Milliseconds between two attempts meanwhile. */
const sharedRetryMs = 100;

/**
 * Carries typed events over one connection to NATS. While that is down, publishes are dropped and counted (everything
 * that must not be lost is a request, or is stored until it is answered), and requests fail at once with `unavailable`.
 */
export class Bus {
  /**
   * Whether this process is a user of its own at NATS. Otherwise all share one, and those of the version before, who hear
   * heartbeats on another subject, may be among them.
   */
  readonly restricted: boolean;
  /** Whether this process is outside the message path, and so checks NATS and other instances less often. */
  readonly relaxed: boolean;
  readonly #connection: BusConnection;
  readonly #nats: NatsConnection;
  readonly #prefix: string;
  readonly #answers: Answers;
  readonly #log: Logger;
  readonly #tracing: Tracing | undefined;
  readonly #published;
  readonly #dropped;
  readonly #failed;
  /** When a broken event was last logged, by subject. */
  readonly #brokenLoggedAt = new Map<string, number>();

  /** @throws TeamTalkError `unavailable` when no NATS server answers within 10 s */
  static async connect(options: BusOptions): Promise<Bus> {
    return new Bus(await BusConnection.open(options), options);
  }

  private constructor(connection: BusConnection, options: BusOptions) {
    const { prefix, log, metrics, tracing, member = 'any', relaxed = false } = options;
    this.#connection = connection;
    this.#nats = connection.nats;
    this.#prefix = prefix;
    this.#answers = new Answers(connection.nats, prefix, member);
    this.restricted = userOf(options) === member;
    this.relaxed = relaxed;
    connection.onRefused(({ operation, subject }, error) => {
      if (operation === 'publish') this.#answers.refused(subject.slice(prefix.length + 1), error);
    });
    void connection.nats
      .closed()
      .then((error) => this.#answers.close(error ?? new Error('connection closed')));
    this.#log = log;
    this.#tracing = tracing;
    this.#published = metrics.counter('bus_published_total', 'Events and requests given to NATS');
    this.#dropped = metrics.counter('bus_dropped_total', 'Events dropped because NATS was not connected');
    this.#failed = metrics.counter('bus_failed_total', 'Events whose handler failed or that did not parse');
  }

  get connected(): boolean {
    return this.#connection.connected;
  }

  /** Whether NATS delivers what others send: otherwise silence of a peer says nothing about that peer. */
  get responsive(): boolean {
    return this.#connection.responsive;
  }

  /** Whether a missing subscriber means that its process is gone. */
  get stable(): boolean {
    return this.#connection.stable;
  }

  /** Whether NATS has refused a subscription of this process, which then does not hear what it should. */
  get deaf(): boolean {
    return this.#connection.deaf;
  }

  /** Largest event the NATS server accepts, bytes. */
  get maxEventBytes(): number {
    return this.#nats.info?.max_payload ?? 1_048_576;
  }

  /** This process's address as NATS sees it; undefined while not connected. */
  get ownAddress(): string | undefined {
    return this.#nats.info?.client_ip;
  }

  /** Calls `listener` after each reconnect: events published meanwhile are lost. */
  onReconnect(listener: () => void): void {
    this.#connection.onReconnect(listener);
  }

  publish<In, Out>(topic: Topic<In, Out>, event: In): void {
    if (!this.connected) {
      this.#dropped.inc();
      return;
    }
    this.#published.inc();
    const options = this.#tracing && withHeaders(this.#tracing);
    this.#nats.publish(`${this.#prefix}.${topic.subject}`, encode(topic.event, event), options);
  }

  /**
   * Sends `event` and waits for one reply.
   * @throws TeamTalkError `unavailable` when there is no subscriber (NobodyListensError) or NATS is down, on a shared
   * subject only after a grace of 1.5 s or half of `timeoutMs`, whichever is less; `deadline-exceeded` after `timeoutMs`
   * milliseconds
   */
  request<In, Out, AnswerIn, AnswerOut>(
    topic: AnsweredTopic<In, Out, AnswerIn, AnswerOut>,
    event: In,
    timeoutMs: number,
  ): Promise<AnswerOut> {
    const ask = () =>
      topic.shared ? this.#requestShared(topic, event, timeoutMs) : this.#request(topic, event, timeoutMs);
    return this.#tracing ? this.#tracing.step(spanOf(topic, 'client'), ask) : ask();
  }

  /** There is briefly no subscriber while its receivers or this process change their NATS server. */
  async #requestShared<In, Out, AnswerIn, AnswerOut>(
    topic: AnsweredTopic<In, Out, AnswerIn, AnswerOut>,
    event: In,
    timeoutMs: number,
  ): Promise<AnswerOut> {
    const begun = performance.now();
    const end = begun + timeoutMs;
    const graceEnd = begun + Math.min(sharedGraceMs, timeoutMs / 2);
    for (;;) {
      try {
        return await this.#request(topic, event, end - performance.now());
      } catch (error) {
        const absent = error instanceof NobodyListensError || !this.connected;
        if (!absent || performance.now() + sharedRetryMs > graceEnd) throw error;
        await new Promise((resolve) => setTimeout(resolve, sharedRetryMs));
      }
    }
  }

  async #request<In, Out, AnswerIn, AnswerOut>(
    topic: AnsweredTopic<In, Out, AnswerIn, AnswerOut>,
    event: In,
    timeoutMs: number,
  ): Promise<AnswerOut> {
    let answer: AnswerOut | undefined;
    await this.#ask(topic, event, timeoutMs, ({ data }) => {
      answer = topic.answer.decode(data);
      return true;
    });
    if (answer === undefined) throw deadlineError(topic.subject, timeoutMs);
    return answer;
  }

  /**
   * Publishes a request and passes its answers to `onAnswer`, until that returns true or `timeoutMs` milliseconds are over.
   * @throws TeamTalkError as `request`, but at the end of the time
   */
  async #ask<In, Out, AnswerIn, AnswerOut>(
    topic: AnsweredTopic<In, Out, AnswerIn, AnswerOut>,
    event: In,
    timeoutMs: number,
    onAnswer: (answer: Msg) => boolean,
    signal?: AbortSignal,
  ): Promise<void> {
    if (!this.connected) throw new TeamTalkError('unavailable', 'NATS is not connected');
    const { subject } = topic;
    let end = () => {};
    try {
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(resolve, timeoutMs);
        const abort = () => resolve();
        signal?.addEventListener('abort', abort);
        const { reply, end: forget } = this.#answers.await(subject, {
          onAnswer: (message) => {
            // A status message without content: no subscriber.
            if (message.headers?.code === 503) reject(new NobodyListensError(subject));
            else if (attempt(() => onAnswer(message), reject)) resolve();
          },
          onError: reject,
        });
        end = () => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', abort);
          forget();
        };
        this.#published.inc();
        this.#nats.publish(`${this.#prefix}.${subject}`, encode(topic.event, event), {
          reply,
          ...(this.#tracing && withHeaders(this.#tracing)),
        });
      });
    } catch (error) {
      throw requestError(error, subject);
    } finally {
      end();
    }
  }

  /**
   * Sends `event` and passes every reply to `onAnswer` until that returns true, `timeoutMs` milliseconds are over or
   * `signal` aborts. A missing subscriber is not an error here: there are no replies then.
   * @returns whether `onAnswer` returned true
   */
  requestMany<In, Out, AnswerIn, AnswerOut>(
    topic: AnsweredTopic<In, Out, AnswerIn, AnswerOut>,
    event: In,
    timeoutMs: number,
    onAnswer: (answer: AnswerOut) => boolean,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const ask = () => this.#requestMany(topic, event, timeoutMs, onAnswer, signal);
    return this.#tracing ? this.#tracing.step(spanOf(topic, 'client'), ask) : ask();
  }

  async #requestMany<In, Out, AnswerIn, AnswerOut>(
    topic: AnsweredTopic<In, Out, AnswerIn, AnswerOut>,
    event: In,
    timeoutMs: number,
    onAnswer: (answer: AnswerOut) => boolean,
    signal?: AbortSignal,
  ): Promise<boolean> {
    let enough = false;
    const take = ({ data }: Msg) => {
      enough = onAnswer(topic.answer.decode(data));
      return enough;
    };
    try {
      await this.#ask(topic, event, timeoutMs, take, signal);
    } catch (error) {
      if (!(error instanceof NobodyListensError)) throw error;
    }
    return enough;
  }

  /**
   * Calls `handler` for each event in order of arrival, without waiting for its promise. A handler that throws is logged
   * and counted. An event that does not parse is counted, and logged at most once a minute for each subject.
   */
  subscribe<In, Out>(
    topic: Topic<In, Out>,
    handler: (event: Out) => void | Promise<void>,
    options: SubscribeOptions = {},
  ): Subscription {
    const tracing = this.#tracing;
    const handle = (message: Msg) => handler(decode(topic, message));
    if (!tracing) return this.#listen(topic, options, handle);
    const span = spanOf(topic, 'consumer');
    return this.#listen(topic, options, (message) => {
      return message.headers
        ? tracing.resume(span, carrierOf(message.headers), () => handle(message))
        : handle(message);
    });
  }

  /**
   * Like `subscribe`, for a subject whose sender waits for a reply: the value `handler` returns; `undefined` sends
   * none. `respond` may be used for several replies to one request.
   */
  answer<In, Out, AnswerIn, AnswerOut>(
    topic: AnsweredTopic<In, Out, AnswerIn, AnswerOut>,
    handler: (
      event: Out,
      respond: (answer: AnswerIn) => void,
    ) => AnswerIn | undefined | Promise<AnswerIn | undefined>,
    options: SubscribeOptions = {},
  ): Subscription {
    const tracing = this.#tracing;
    const span = spanOf(topic, 'server');
    return this.#listen(topic, options, (message) => {
      const respond = (answer: AnswerIn) => {
        message.respond(encode(topic.answer, answer));
      };
      const handle = () => handler(decode(topic, message), respond);
      const result =
        tracing && message.headers ? tracing.resume(span, carrierOf(message.headers), handle) : handle();
      if (result instanceof Promise) {
        return result.then((answer) => {
          if (answer !== undefined) respond(answer);
        });
      }
      if (result !== undefined) respond(result);
      return undefined;
    });
  }

  /** Resolves when the NATS server has processed everything published so far. */
  async flush(): Promise<void> {
    if (this.connected) await this.#nats.flush();
  }

  /** Handles received events, sends buffered ones, then closes. */
  drain(): Promise<void> {
    return this.#connection.drain();
  }

  #listen<In, Out>(
    topic: Topic<In, Out>,
    { queue }: SubscribeOptions,
    handle: (message: Msg) => void | undefined | Promise<void>,
  ): Subscription {
    const fail = (error: unknown) => {
      this.#failed.inc();
      if (error instanceof BrokenEvent) this.#logBroken(topic.subject, error);
      else {
        // What is only unavailable now is no fault of this process.
        const level = isTransient(error) ? 'warn' : 'error';
        this.#log[level]({ err: error, subject: topic.subject }, 'handling an event failed');
      }
    };
    return this.#nats.subscribe(`${this.#prefix}.${topic.subject}`, {
      ...(queue && { queue }),
      callback: (error, message) => {
        if (error) {
          // The connection has counted and logged a refused subscription.
          if (!(error instanceof PermissionViolationError)) fail(error);
          return;
        }
        try {
          const pending = handle(message);
          if (pending instanceof Promise) pending.catch(fail);
        } catch (failure) {
          fail(failure);
        }
      },
    });
  }

  /** Whoever sends one may send many: a line for each would fill the disk. */
  #logBroken(subject: string, error: BrokenEvent): void {
    const now = performance.now();
    const loggedAt = this.#brokenLoggedAt.get(subject);
    if (loggedAt !== undefined && now - loggedAt < brokenLogMs) return;
    this.#brokenLoggedAt.set(subject, now);
    this.#log.warn({ err: error, subject }, 'event does not parse; ignoring it');
  }
}

/** @throws BrokenEvent when it does not parse */
function decode<In, Out>({ event }: Topic<In, Out>, message: Msg): Out {
  try {
    return event.decode(bytesOf(message));
  } catch (error) {
    throw new BrokenEvent('an event does not parse', { cause: error });
  }
}

/** What `take` returns; when it throws, `fail` is told and the answer is false. */
function attempt(take: () => boolean, fail: (error: unknown) => void): boolean {
  try {
    return take();
  } catch (error) {
    fail(error);
    return false;
  }
}

/** As a Buffer, so that `bytes` fields of the event are Buffers too, which sockets take without conversion. */
function bytesOf({ data }: Msg): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}
