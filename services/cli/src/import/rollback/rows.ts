import type { LegacyWriter } from '../legacy/writer.js';
import type { TargetDatabase } from '../target/database.js';

type Value = string | number | boolean | null;
type Row = Record<string, Value>;

interface Column {
  /** the column of the old table */
  name: string;
  value(value: Value): number | string;
}

interface Mapping {
  table: 'im_user' | 'department' | 'chat_group' | 'discovery_item';
  old: string;
  columns: Record<string, Column>;
  /** what a new row has besides */
  preset: Record<string, number | string>;
  /** what a row gets that is gone here */
  gone: Record<string, number> | undefined;
}

const text = (name: string, length: number): Column => ({
  name,
  value: (value) => [...String(value ?? '')].slice(0, length).join(''),
});
const number = (name: string): Column => ({ name, value: (value) => Number(value ?? 0) });
const time = (name: string): Column => ({
  name,
  value: (value) => Math.max(0, Math.floor(Date.parse(String(value)) / 1_000)),
});

const mappings: readonly Mapping[] = [
  {
    table: 'department',
    old: 'IMDepart',
    columns: {
      name: text('departName', 64),
      parent_id: number('parentId'),
      priority: number('priority'),
      status: number('status'),
      created_at: time('created'),
    },
    preset: {},
    gone: { status: 1 },
  },
  {
    table: 'im_user',
    old: 'IMUser',
    columns: {
      name: text('name', 32),
      gender: number('sex'),
      nick_name: text('nick', 32),
      domain: text('domain', 32),
      avatar_url: text('avatar', 255),
      department_id: number('departId'),
      email: text('email', 64),
      tel: text('phone', 11),
      sign_info: text('sign_info', 128),
      status: number('status'),
      push_shield: number('push_shield_status'),
      created_at: time('created'),
    },
    // Nobody can say what their password is in the old form: they get one by hand.
    preset: { password: '', salt: '' },
    gone: { status: 3 },
  },
  {
    table: 'chat_group',
    old: 'IMGroup',
    columns: {
      name: text('name', 256),
      avatar: text('avatar', 256),
      creator_id: number('creator'),
      type: number('type'),
      version: number('version'),
      created_at: time('created'),
    },
    preset: { status: 0 },
    gone: undefined,
  },
  {
    table: 'discovery_item',
    old: 'IMDiscovery',
    columns: {
      name: text('itemName', 64),
      url: text('itemUrl', 64),
      priority: number('itemPriority'),
      created_at: time('created'),
    },
    preset: { status: 0 },
    gone: { status: 1 },
  },
];

/** What was written back once is written again, even if it is as before by now. */
export const returnedRows = `CREATE TABLE IF NOT EXISTS legacy_import.returned_row (
  kind text, key text, columns text[] NOT NULL, PRIMARY KEY (kind, key))`;

/**
 * Writes back the changes to accounts, departments, groups and discovery items since the cutover, column by column.
 *
 * @param project the project of new rows, if the old database has several
 */
export async function returnRows(
  database: TargetDatabase,
  writer: LegacyWriter,
  project?: number,
): Promise<void> {
  for (const each of mappings) {
    const mapping = { ...each, preset: { ...each.preset, pid: project ?? 0 } };
    const { table, old } = mapping;
    const found = await writer.rows<{ Field: string }>(`SHOW COLUMNS FROM ${old}`).catch(() => []);
    const known = new Set(found.map(({ Field }) => Field));
    const changed = await database.rows<{
      id: number;
      now: Row | null;
      before: Row | null;
      columns: string[] | null;
    }>(`
      SELECT id, to_jsonb(n) AS now, to_jsonb(b) AS before, r.columns
      FROM ${table} n FULL JOIN legacy_import.before_${table} b USING (id)
      LEFT JOIN legacy_import.returned_row r ON r.kind = '${table}' AND r.key = id::text
      WHERE to_jsonb(n) IS DISTINCT FROM to_jsonb(b) OR r.key IS NOT NULL ORDER BY id`);
    for (const { id, now, before, columns } of changed) {
      const differing = Object.keys(mapping.columns).filter((each) => now?.[each] !== before?.[each]);
      const wanted = [...new Set([...differing, ...(columns ?? [])])];
      if (wanted.length === 0) continue;
      await database.rows(
        `INSERT INTO legacy_import.returned_row (kind, key, columns) VALUES ($1, $2, $3)
          ON CONFLICT (kind, key) DO UPDATE SET columns = excluded.columns`,
        [table, id, wanted],
      );
      await returnRow(writer, mapping, id, now, before === null, wanted, known);
    }
  }
}

async function returnRow(
  writer: LegacyWriter,
  { old, columns, preset, gone }: Mapping,
  id: number,
  now: Row | null,
  isNew: boolean,
  wanted: readonly string[],
  known: ReadonlySet<string>,
): Promise<void> {
  const values: Record<string, number | string> =
    now === null
      ? { ...gone }
      : Object.fromEntries(
          wanted.map((each) => [columns[each]!.name, columns[each]!.value(now[each] ?? null)]),
        );
  const names = Object.keys(values).filter((name) => known.has(name));
  if (names.length === 0) return;
  const { affectedRows } = await writer.run(
    `UPDATE ${old} SET ${names.map((name) => `${name} = ?`).join(', ')}, updated = UNIX_TIMESTAMP() WHERE id = ?`,
    [...names.map((name) => values[name]), id],
  );
  if (affectedRows > 0 || !isNew || now === null) return;
  const all: Record<string, number | string> = {
    ...preset,
    ...Object.fromEntries(
      Object.entries(columns).map(([ours, { name, value }]) => [name, value(now[ours] ?? null)]),
    ),
  };
  const given = Object.keys(all).filter((name) => known.has(name));
  await writer.run(
    `INSERT INTO ${old} (id, ${given.join(', ')}, updated) VALUES (?, ${given.map(() => '?').join(', ')}, UNIX_TIMESTAMP())`,
    [id, ...given.map((name) => all[name])],
  );
}
