import { TeamTalkError } from './errors.js';

/**
 * Waits for `work`, at most `ms` milliseconds.
 * @throws TeamTalkError `deadline-exceeded`, naming `what`, after that time; the work itself continues
 */
export async function withDeadline<T>(work: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expiry = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new TeamTalkError('deadline-exceeded', `${what} took longer than ${ms} ms`)),
      ms,
    );
  });
  try {
    return await Promise.race([work, expiry]);
  } finally {
    clearTimeout(timer);
  }
}
