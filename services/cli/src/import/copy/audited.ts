import type { TargetSession } from '../target/database.js';

/**
 * A step that takes over what administrators of the old installation had made: the audit has an event for it, in its
 * transaction.
 *
 * @param source names the legacy database
 * @param resource what is taken over
 */
export function audited(
  source: string,
  resource: string,
  work: (session: TargetSession) => Promise<void>,
): (session: TargetSession) => Promise<void> {
  return async (session) => {
    const { openAudit, operator } = await import('@teamtalk/db_proxy_server');
    const query = <Row extends object>({ text }: { text: string }, values: readonly unknown[]) =>
      session.rows<Row>(text, [...values]);
    const record = await openAudit(query, operator());
    await work(session);
    await record({ verb: 'import.copy', resource, after: { from: source } });
  };
}
