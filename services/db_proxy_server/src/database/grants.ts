import { TeamTalkError } from '@teamtalk/service-kit';
import type { QueryRunner } from 'typeorm';

/** A role of PostgreSQL besides the owner of the tables. */
interface GrantedRole {
  name: string;
  /** with which it is made if it does not exist; left out: it has to exist */
  password?: string | undefined;
}

export interface Grants {
  /** that of db_proxy_server: rows, but no tables */
  write?: GrantedRole | undefined;
  /** that of backups */
  read?: GrantedRole | undefined;
}

/** Tables of which db_proxy_server needs less than all rows' reading and writing. Whatever is not named gets that. */
const writeExceptions: Readonly<Record<string, string>> = {
  audit_event: 'SELECT, INSERT',
  // Only the owner changes it, through the trigger and function of audit_event.
  audit_head: 'SELECT',
  schema_migration: 'SELECT',
  schema_migration_needs: 'SELECT',
};

const rows = 'SELECT, INSERT, UPDATE, DELETE';

/**
 * Gives the roles what they need of everything in the schema, and nothing else; what they had besides is taken away. What the
 * calling role makes later they get when it is made, and its exceptions with the next call.
 * @throws TeamTalkError `invalid-argument` when a role does not exist and cannot be made, or is the owner
 */
export async function grantAccess(runner: QueryRunner, { write, read }: Grants): Promise<void> {
  for (const role of [write, read]) if (role) await requireRole(runner, role);
  if (write) {
    await grant(runner, write.name, { tables: rows, sequences: 'SELECT, USAGE, UPDATE' });
    for (const [table, privileges] of Object.entries(writeExceptions)) {
      await onTable(runner, table, `REVOKE ALL ON %I FROM ${quoted(write.name)}`);
      if (privileges) await onTable(runner, table, `GRANT ${privileges} ON %I TO ${quoted(write.name)}`);
    }
  }
  if (read) await grant(runner, read.name, { tables: 'SELECT', sequences: 'SELECT' });
}

async function grant(
  runner: QueryRunner,
  name: string,
  { tables, sequences }: { tables: string; sequences: string },
): Promise<void> {
  const role = quoted(name);
  const [{ schema }] = (await runner.query('SELECT current_schema() AS schema')) as [{ schema: string }];
  const within = `IN SCHEMA ${quoted(schema)}`;
  await runner.query(`GRANT USAGE ON SCHEMA ${quoted(schema)} TO ${role}`);
  for (const [kind, privileges] of [
    ['TABLES', tables],
    ['SEQUENCES', sequences],
  ]) {
    await runner.query(`REVOKE ALL ON ALL ${kind} ${within} FROM ${role}`);
    await runner.query(`GRANT ${privileges} ON ALL ${kind} ${within} TO ${role}`);
    await runner.query(`ALTER DEFAULT PRIVILEGES ${within} REVOKE ALL ON ${kind} FROM ${role}`);
    await runner.query(`ALTER DEFAULT PRIVILEGES ${within} GRANT ${privileges} ON ${kind} TO ${role}`);
  }
}

/** @param statement with %I for the table's name */
async function onTable(runner: QueryRunner, table: string, statement: string): Promise<void> {
  const [{ exists }] = (await runner.query('SELECT to_regclass($1) IS NOT NULL AS exists', [table])) as [
    { exists: boolean },
  ];
  if (exists) await runner.query(statement.replace('%I', quoted(table)));
}

async function requireRole(runner: QueryRunner, { name, password }: GrantedRole): Promise<void> {
  const [role] = (await runner.query(
    'SELECT rolsuper, rolname = current_user AS own FROM pg_roles WHERE rolname = $1',
    [name],
  )) as [{ rolsuper: boolean; own: boolean }?];
  if (role?.own) throw refusal(`${name} owns the tables: another role is needed`);
  if (role?.rolsuper)
    throw refusal(`${name} is a superuser, whom no grant restricts: another role is needed`);
  if (role) return;
  if (!password)
    throw refusal(`there is no role ${name}: CREATE ROLE ${quoted(name)} LOGIN PASSWORD '…' first`);
  const [{ statement }] = (await runner.query(
    `SELECT format('CREATE ROLE %I LOGIN PASSWORD %L NOSUPERUSER NOCREATEDB NOCREATEROLE', $1::text, $2::text) AS statement`,
    [name, password],
  )) as [{ statement: string }];
  await runner.query(statement).catch((error: unknown) => {
    throw refusal(`the role ${name} cannot be made`, error);
  });
}

function refusal(message: string, cause?: unknown): TeamTalkError {
  return new TeamTalkError('invalid-argument', message, { cause });
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
