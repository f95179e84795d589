import type { TargetSession } from '../target/database.js';

/**
 * Wraps a step that imports what administrators of the old installation created, and records an audit event for it in
 * the same transaction.
 *
 * @param source name of the legacy database
 * @param resource what is imported
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
