import type { AsyncLocalStorage } from 'node:async_hooks';
import { type Attributes, type Context, type Span, SpanStatusCode } from '@opentelemetry/api';
import { TeamTalkError } from '../errors.js';

/** An open span. Work that runs in it has it as parent. */
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

  /** Marks the span as failed, with a TeamTalkError's code or a keyword. */
  fail(error: unknown): void {
    markFailed(this.#span, error);
  }

  end(): void {
    this.#span.end();
  }
}

/** @param error a keyword, or the thrown error */
export function markFailed(span: Span, error: unknown): void {
  const word = error instanceof TeamTalkError ? error.code : typeof error === 'string' ? error : 'internal';
  span.setAttribute('error.type', word);
  span.setStatus({ code: SpanStatusCode.ERROR, message: word });
}

/** Runs work in a span, which ends with the work or when its promise settles. */
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
