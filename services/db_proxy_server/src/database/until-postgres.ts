import type { Kit } from '@teamtalk/service-kit';
import { databaseError } from './errors.js';

/**
 * Tries a statement that the service cannot start without until PostgreSQL takes it: it may go away between two of them.
 * @param name what `/readyz` shows meanwhile
 */
export function untilPostgres<T>(kit: Kit, attempt: () => Promise<T>, name = 'store'): Promise<T> {
  return kit.untilAvailable(name, () =>
    attempt().catch((error: unknown) => {
      throw databaseError(error, name);
    }),
  );
}
