// What a file of users says, cell by cell. For browsers, too: nothing is imported.

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

/** A row as the API takes it. What is left out is an empty cell, and stays as it is. */
export type TableRow = { row: number; name: string } & Partial<Record<Exclude<UserColumn, 'name'>, string>>;

/** Why a table cannot be read as one of users. */
export interface TableProblem {
  problem: 'empty' | 'no-names' | 'unknown-column' | 'repeated-column' | 'too-many-rows';
  /** the heading it is about */
  column: string;
}

/** Most rows of a file. */
export const maxTableRows = 50_000;

/** Characters of a cell that are looked at; no field takes as many. */
const maxCell = 2_000;

/** What columns are called: by the console in both languages, and by other systems. */
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

/** Columns of the console's own export that an import does not change. */
const ignored = new Set(['id', 'number', '编号', 'has left', '已离职', 'avatar', '头像']);

/** @param cells the headings first; rows without any text are left out, and counted */
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

/** A cell without the apostrophe by which an export keeps spreadsheets from taking a text for a formula. */
function plain(cell: string): string {
  const text = cell.replaceAll('\0', '').trim().slice(0, maxCell);
  return /^'[=+\-@]/.test(text) ? text.slice(1) : text;
}

const faultTexts: Readonly<Record<string, (value: string) => string>> = {
  missing: () => 'is missing',
  'too-long': () => 'is too long',
  repeated: (row) => `is in row ${row}, too`,
  'unknown-gender': (value) => `“${value}” is neither male, female nor unknown`,
  'unknown-department': (value) => `there is no department “${value}”`,
  'ambiguous-department': (value) =>
    `there are several departments “${value}”: write those above it, too, with slashes between them`,
  'has-left': () => 'has left the company: restore the user first',
  taken: () => 'was taken by somebody else meanwhile',
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
  if (problem === 'empty') return 'there are no users in it';
  if (problem === 'no-names') return 'its first row has no column for the login name: name';
  if (problem === 'too-many-rows') return `it has more than ${maxTableRows} rows`;
  if (problem === 'repeated-column') return `two columns say the same: ${column}`;
  return `column “${column}” is not known; there are ${userColumns.join(', ')}`;
}

/** Most rows of one call. */
const batchRows = 500;
/** Bytes of the JSON of one call, well below what a call may have. */
const batchBytes = 120_000;

/** Rows as they fit into one call each. */
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
