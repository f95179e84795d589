// Interprets the cells of a file of users. Browsers load this file too, so it imports nothing.

/** The columns a file may have. */
export const userColumns = [
  'name',
  'nick_name',
  'real_name',
  'gender',
  'department',
  'email',
  'tel',
  'sign_info',
] as const;

type UserColumn = (typeof userColumns)[number];

/** A row as the API takes it. An empty cell is left out, and the user's field then stays unchanged. */
export type TableRow = { row: number; name: string } & Partial<Record<Exclude<UserColumn, 'name'>, string>>;

/** Why a table is not a valid table of users. */
export interface TableProblem {
  problem: 'empty' | 'no-names' | 'unknown-column' | 'repeated-column' | 'too-many-rows';
  /** the heading concerned; empty: none */
  column: string;
}

/** Maximum number of rows in a file. */
export const maxTableRows = 50_000;

/** Characters of a cell that are kept, more than any field allows. */
const maxCell = 2_000;

/** Accepted headings of each column: the console's in both languages, and those of other systems. */
const headings: Readonly<Record<UserColumn, readonly string[]>> = {
  name: [
    'name',
    'login name',
    'login',
    'user name',
    'username',
    'account',
    '登录名',
    '账号',
    '帐号',
    '用户名',
  ],
  nick_name: ['nick_name', 'nick name', 'nickname', 'display name', '昵称', '花名'],
  real_name: ['real_name', 'real name', 'full name', '姓名', '真实姓名'],
  gender: ['gender', 'sex', '性别'],
  department: ['department', '部门', '所属部门'],
  email: ['email', 'e-mail', 'mail', '邮箱', '电子邮箱', '邮件'],
  tel: ['tel', 'telephone', 'phone', 'mobile', '电话', '手机', '手机号'],
  sign_info: ['sign_info', 'signature', '个性签名', '签名'],
};

/** Columns of the console's export that an import ignores. */
const ignored = new Set(['id', 'number', '编号', 'has left', '已离职', 'avatar', '头像']);

/** @param cells begins with the headings; empty rows are skipped, but count in row numbers */
export function readUserTable(cells: readonly (readonly string[])[]): TableRow[] | TableProblem {
  const first = cells.findIndex((row) => row.some((cell) => cell.trim() !== ''));
  if (first < 0) return { problem: 'empty', column: '' };
  const columns: (UserColumn | undefined)[] = [];
  for (const cell of cells[first] ?? []) {
    const heading = cell.trim();
    const column = userColumns.find((each) => headings[each].includes(heading.toLowerCase()));
    if (!column && heading !== '' && !ignored.has(heading.toLowerCase())) {
      return { problem: 'unknown-column', column: heading };
    }
    if (column && columns.includes(column)) return { problem: 'repeated-column', column: heading };
    columns.push(column);
  }
  if (!columns.includes('name')) return { problem: 'no-names', column: '' };
  const rows: TableRow[] = [];
  for (const [i, row] of cells.entries()) {
    if (i <= first) continue;
    const written: TableRow = { row: i + 1, name: '' };
    let isEmpty = true;
    for (const [place, column] of columns.entries()) {
      const text = plain(row[place] ?? '');
      if (!column || text === '') continue;
      written[column] = text;
      isEmpty = false;
    }
    if (isEmpty) continue;
    rows.push(written);
    if (rows.length > maxTableRows) return { problem: 'too-many-rows', column: '' };
  }
  return rows.length > 0 ? rows : { problem: 'empty', column: '' };
}

/** Removes the apostrophe that an export adds so that spreadsheets do not read the text as a formula. */
function plain(cell: string): string {
  const text = cell.replaceAll('\0', '').trim().slice(0, maxCell);
  return /^'[=+\-@]/.test(text) ? text.slice(1) : text;
}

const faultTexts: Readonly<Record<string, (value: string) => string>> = {
  missing: () => 'is missing',
  'too-long': () => 'is too long',
  repeated: (row) => `also in row ${row}`,
  'unknown-gender': (value) => `“${value}” is neither male, female nor unknown`,
  'unknown-department': (value) => `there is no department “${value}”`,
  'ambiguous-department': (value) =>
    `there are several departments “${value}”: give the full path, with slashes between the names`,
  'has-left': () => 'has left the company: restore the user first',
  taken: () => 'has been taken by somebody else in the meantime',
};

/** What is wrong with a cell, in English. */
export function faultText({
  column,
  fault,
  value,
}: {
  column: string;
  fault: string;
  value: string;
}): string {
  return `${column}: ${faultTexts[fault]?.(value) ?? fault}`;
}

/** Why a file cannot be read, in English. */
export function tableProblemText({ problem, column }: TableProblem): string {
  if (problem === 'empty') return 'it contains no users';
  if (problem === 'no-names') return 'its first row has no column “name” for the login name';
  if (problem === 'too-many-rows') return `it has more than ${maxTableRows} rows`;
  if (problem === 'repeated-column') return `column “${column}” occurs more than once`;
  return `unknown column “${column}”; valid columns are ${userColumns.join(', ')}`;
}

/** Maximum number of rows in one call. */
const batchRows = 500;
/** Size of one call's JSON, bytes; well below the server's limit. */
const batchBytes = 120_000;

/** Splits rows into batches that fit into one call each. */
export function* batchesOf(rows: readonly TableRow[]): Generator<TableRow[]> {
  const encoder = new TextEncoder();
  let batch: TableRow[] = [];
  let bytes = 0;
  for (const row of rows) {
    const size = encoder.encode(JSON.stringify(row)).length + 1;
    if (batch.length > 0 && (batch.length >= batchRows || bytes + size > batchBytes)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(row);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}
