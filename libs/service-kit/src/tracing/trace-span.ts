import type { AsyncLocalStorage } from 'node:async_hooks';
import { type Attributes, type Context, type Span, SpanStatusCode } from '@opentelemetry/api';
import { TeamTalkError } from '../errors.js';

/** A span that is open. What runs in it finds it as its parent. */
export class TraceSpan {
  readonly #span: Span;
  readonly #context: Context;
  readonly #active: AsyncLocalStorage<Context | undefined>;

  constructor(span: Span, context: Context, active: AsyncLocalStorage<Context | undefined>) {
    this.#span = span;
    this.#context = context;
    this.#active = active;
  }

  run<T>(work: () => T): T {
    return this.#active.run(this.#context, work);
  }

  rename(name: string): void {
    this.#span.updateName(name);
  }

  set(attributes: Attributes): void {
    this.#span.setAttributes(attributes);
  }

  /** Marks it as failed, by a TeamTalkError's code or in a word. */
  fail(error: unknown): void {
    markFailed(this.#span, error);
  }

  end(): void {
    this.#span.end();
  }
}

/** @param error in a word, or what was thrown */
export function markFailed(span: Span, error: unknown): void {
  const word = error instanceof TeamTalkError ? error.code : typeof error === 'string' ? error : 'internal';
  span.setAttribute('error.type', word);
  span.setStatus({ code: SpanStatusCode.ERROR, message: word });
}

/** Runs work in a span and ends it with the work, or with what it promises. */
export function through<T>(span: TraceSpan, work: () => T): T {
  let result: T;
  try {
    result = span.run(work);
  } catch (error) {
    span.fail(error);
    span.end();
    throw error;
  }
  if (!(result instanceof Promise)) {
    span.end();
    return result;
  }
  result.then(
    () => span.end(),
    (error: unknown) => {
      span.fail(error);
      span.end();
    },
  );
  return result;
}
