import type { Kit } from '@teamtalk/service-kit';
import { databaseError } from './errors.js';

/**
 * Retries a statement that start-up depends on until PostgreSQL is available; it may fail between two of them.
 * @param name shown by `/readyz` meanwhile
 */
export function untilPostgres<T>(kit: Kit, attempt: () => Promise<T>, name = 'store'): Promise<T> {
  return kit.untilAvailable(name, () =>
    attempt().catch((error: unknown) => {
      throw databaseError(error, name);
    }),
  );
}
