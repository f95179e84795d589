import { TeamTalkError } from '@teamtalk/service-kit';
import pg from 'pg';

/**
 * SQLSTATE classes and codes that say "not now" and nothing about the statement: connection lost, too many
 * connections or too little memory, shutdown and recovery, a standby that took over, a lost race for locks.
 */
const passing = /^(08|53|57P|25006|40)/;
const canceled = '57014';
/** The class of values that no column takes: out of range, or text with a NUL. */
const refusedValue = /^22/;

/**
 * Maps an error of pg: `unavailable` or `deadline-exceeded` where a retry may succeed, `invalid-argument` where a value of
 * the caller's is refused, `internal` where the statement is wrong.
 * @param what names the operation at the start of the message
 */
export function databaseError(error: unknown, what: string): TeamTalkError {
  if (error instanceof TeamTalkError) return error;
  const message = `${what}: ${error instanceof Error ? error.message || error.name : String(error)}`;
  const options = { cause: error };
  const sqlstate = sqlStateOf(error);
  if (sqlstate === canceled) return new TeamTalkError('deadline-exceeded', message, options);
  if (sqlstate !== undefined && refusedValue.test(sqlstate)) {
    return new TeamTalkError('invalid-argument', message, options);
  }
  if (sqlstate !== undefined && !passing.test(sqlstate)) {
    return new TeamTalkError('internal', message, options);
  }
  // No SQLSTATE: connection refused, reset or timed out.
  return new TeamTalkError('unavailable', message, options);
}

function sqlStateOf(error: unknown): string | undefined {
  // TypeORM wraps what pg throws.
  const cause = (error as { driverError?: unknown } | undefined)?.driverError ?? error;
  return cause instanceof pg.DatabaseError ? cause.code : undefined;
}
