import { changesOf, setFields } from '../../audit/record-event.js';
import { isStorableText } from '../../database/text.js';

/** A row of a file as it is written; undefined: an empty cell, which leaves the field as it is. */
export interface WrittenUser {
  /** in the file, from 1 for the headings */
  row: number;
  name: string;
  nickName?: string | undefined;
  realName?: string | undefined;
  gender?: string | undefined;
  /** its name, the names from the top with slashes between them, or its id as `#7` */
  department?: string | undefined;
  email?: string | undefined;
  tel?: string | undefined;
  signInfo?: string | undefined;
}

/** What a row says of a user. */
export interface ImportedFields {
  nickName?: string;
  realName?: string;
  gender?: number;
  departmentId?: number;
  email?: string;
  tel?: string;
  signInfo?: string;
  /** false: one who was taken back with an earlier import is there again */
  disabled?: boolean;
}

export type ImportOutcome = 'create' | 'change' | 'same' | 'error';

/** What is wrong with a cell. */
export interface Fault {
  column: 'name' | 'nick_name' | 'real_name' | 'gender' | 'department' | 'email' | 'tel' | 'sign_info';
  fault:
    | 'missing'
    | 'too-long'
    /** the same name is in another row, `value` */
    | 'repeated'
    | 'unknown-gender'
    | 'unknown-department'
    /** several departments have the name */
    | 'ambiguous-department'
    /** the user has left the company */
    | 'has-left'
    /** somebody else took the name meanwhile */
    | 'taken';
  value: string;
}

/** The user whom a row names, as they are. */
export interface Existing {
  id: number;
  fields: Required<ImportedFields>;
  /** has left only because an import that had added them was undone */
  takenBack: boolean;
}

export interface Judgement {
  outcome: ImportOutcome;
  faults: Fault[];
  /** what the row says */
  fields: ImportedFields;
  /** the fields that change, as they are and will be; undefined: none */
  changes?: { before: object; after: object } | undefined;
}

/** Finds a department as people write it. */
export type FindDepartment = (text: string) => number | 'unknown-department' | 'ambiguous-department';

const genderWords = [
  ['', '0', 'unknown', '未知'],
  ['1', 'male', 'm', '男'],
  ['2', 'female', 'f', '女'],
];

const limits = {
  nick_name: ['nickName', 64],
  real_name: ['realName', 64],
  email: ['email', 128],
  tel: ['tel', 32],
  sign_info: ['signInfo', 128],
} as const;

/**
 * What a row would do.
 * @param existing undefined: there is no user of that name
 * @param repeated another row with the same name; 0: none
 */
export function judgeRow(
  written: WrittenUser,
  existing: Existing | undefined,
  repeated: number,
  findDepartment: FindDepartment,
): Judgement {
  const { name } = written;
  const faults: Fault[] = [];
  const fields: ImportedFields = {};
  const wrong = (column: Fault['column'], fault: Fault['fault'], value = '') => {
    faults.push({ column, fault, value: [...value].slice(0, 100).join('') });
  };

  if (name === '') wrong('name', 'missing');
  else if (!isStorableText(name, 64)) wrong('name', 'too-long', name);
  else if (repeated > 0) wrong('name', 'repeated', String(repeated));
  for (const [column, [field, max]] of Object.entries(limits) as [
    keyof typeof limits,
    (typeof limits)[keyof typeof limits],
  ][]) {
    const text = written[field];
    if (text === undefined) continue;
    if (isStorableText(text, max)) fields[field] = text;
    else wrong(column, 'too-long', text);
  }
  if (written.gender !== undefined) {
    const gender = genderWords.findIndex((words) => words.includes(written.gender?.toLowerCase() ?? ''));
    if (gender >= 0) fields.gender = gender;
    else wrong('gender', 'unknown-gender', written.gender);
  }
  if (written.department !== undefined) {
    const found = findDepartment(written.department);
    if (typeof found === 'number') fields.departmentId = found;
    else wrong('department', found, written.department);
  }
  if (existing?.fields.disabled) {
    if (existing.takenBack) fields.disabled = false;
    else wrong('name', 'has-left', name);
  }
  if (faults.length > 0) return { outcome: 'error', faults, fields };
  if (!existing) return { outcome: 'create', faults, fields };
  const changes = changesOf(existing.fields, fields);
  return { outcome: changes ? 'change' : 'same', faults, fields, changes };
}

/** The fields that undoing puts back: those that nobody has changed since. */
export function undoOf(
  existing: Existing,
  before: ImportedFields,
  after: ImportedFields,
): { changes: ReturnType<typeof changesOf<ImportedFields>>; kept: boolean } {
  const names = Object.keys(setFields(before)) as (keyof ImportedFields)[];
  const untouched = names.filter((name) => existing.fields[name] === after[name]);
  const wanted = Object.fromEntries(untouched.map((name) => [name, before[name]])) as ImportedFields;
  return { changes: changesOf(existing.fields, wanted), kept: untouched.length < names.length };
}
