import { inspect } from 'node:util';

/** A failure worded for the person at the terminal; may have several lines. */
export class Failure extends Error {
  override readonly name = 'Failure';
  /** What `teamtalk` ends with: not 0, and 2 is for wrong usage. */
  readonly exitStatus: number;

  constructor(message: string, { exitStatus = 1, ...options }: ErrorOptions & { exitStatus?: number } = {}) {
    super(message, options);
    this.exitStatus = exitStatus;
  }
}

/** One line of any other error, however many its message has; with `debug` its stack and causes. */
export function describeFailure(error: unknown, debug?: string): string {
  if (debug) return inspect(error);
  if (error instanceof Failure) return error.message;
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.replaceAll(/\s*\n\s*/g, ' ').trim();
}
