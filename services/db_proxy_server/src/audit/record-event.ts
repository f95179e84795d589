import type { DataSource, EntityManager } from 'typeorm';
import type { Actor } from '../actor.js';
import { type Database, type Query, queryOn, type Statement } from '../database/database.js';

/** What was done. Values that are secret are never part of it. */
interface AuditEvent {
  /** such as `user.change` */
  verb: string;
  /** what it was done to, such as `user 5` */
  resource: string;
  /** only what has changed; left out for something new */
  before?: object;
  /** left out for something deleted */
  after?: object;
}

/** Records an event in the transaction of the change. */
export type RecordEvent = (event: AuditEvent) => Promise<void>;

const lockChain: Statement = {
  name: 'audit_lock_chain',
  text: 'SELECT pg_advisory_xact_lock(29813, 2)',
};

const insert: Statement = {
  name: 'audit_insert',
  text: `
    INSERT INTO audit_event (actor, as_user, source, verb, resource, before, after)
    VALUES ($1, nullif($2::int4, 0), $3, $4, $5, $6, $7)`,
};

const insertMany: Statement = {
  name: 'audit_insert_many',
  text: `
    INSERT INTO audit_event (actor, as_user, source, verb, resource, before, after)
    SELECT $1, nullif($2::int4, 0), $3, verb, resource, before::json, after::json
    FROM unnest($4::text[], $5::text[], $6::text[], $7::text[]) WITH ORDINALITY AS e (verb, resource, before, after, place)
    ORDER BY place`,
};

const purge: Statement = {
  name: 'audit_expire',
  // Once a day at most, since each time leaves an event.
  text: `
    SELECT expire_audit_events(now() - make_interval(days => $1), 10000)::float8 AS removed
    WHERE (SELECT at FROM audit_event ORDER BY id LIMIT 1) < now() - make_interval(days => $1 + 1)`,
};

/**
 * Takes the lock of the chain of events, so that administrative changes come one after the other. It has to be the first
 * lock of the transaction besides that of an idempotency key: nobody then waits for the chain while holding what a
 * message needs.
 */
export async function openAudit(query: Query, { name, asUser, source }: Actor): Promise<RecordEvent> {
  await query(lockChain, []);
  return async ({ verb, resource, before, after }) => {
    await query(insert, [name, asUser, source, verb, resource, textOf(before), textOf(after)]);
  };
}

/** Records several events at once. The transaction must have called `openAudit`. */
export async function recordEvents(
  query: Query,
  { name, asUser, source }: Actor,
  events: readonly AuditEvent[],
): Promise<void> {
  if (events.length === 0) return;
  await query(insertMany, [
    name,
    asUser,
    source,
    events.map(({ verb }) => verb),
    events.map(({ resource }) => resource),
    events.map(({ before }) => textOf(before)),
    events.map(({ after }) => textOf(after)),
  ]);
}

/** Runs `work` in a transaction whose events are recorded with it. */
export function auditedTransaction<T>(
  dataSource: DataSource,
  actor: Actor,
  work: (manager: EntityManager, record: RecordEvent) => Promise<T>,
): Promise<T> {
  return dataSource.transaction(async (manager) => work(manager, await openAudit(queryOn(manager), actor)));
}

/**
 * Removes events older than `days`.
 * @returns how many
 */
export function purgeAuditEvents(database: Database, days: number): () => Promise<number> {
  return async () => (await database.query<{ removed: number }>(purge, [days]))[0]?.removed ?? 0;
}

/**
 * The fields of `wanted` that are set and differ from those of `current`, before and after.
 * @returns undefined when there are none
 */
export function changesOf<Fields extends object>(
  current: { readonly [Name in keyof Fields]?: unknown },
  wanted: Fields,
): { before: object; after: object } | undefined {
  const names = (Object.keys(wanted) as (keyof Fields)[]).filter(
    (name) => wanted[name] !== null && wanted[name] !== undefined && wanted[name] !== current[name],
  );
  if (names.length === 0) return undefined;
  const pick = (of: { readonly [Name in keyof Fields]?: unknown }) =>
    Object.fromEntries(names.map((name) => [name, of[name]]));
  return { before: pick(current), after: pick(wanted) };
}

/** The fields that are set. */
export function setFields(fields: object): object {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== null && value !== undefined),
  );
}

function textOf(value: object | undefined): string | null {
  return value === undefined ? null : JSON.stringify(value);
}
