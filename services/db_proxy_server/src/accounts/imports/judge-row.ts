import { changesOf, setFields } from '../../audit/record-event.js';
import { isStorableText } from '../../database/text.js';

/** A row as it is in the file; undefined: an empty cell, which leaves the field unchanged. */
export interface WrittenUser {
  /** row number in the file; the header is row 1 */
  row: number;
  name: string;
  nickName?: string | undefined;
  realName?: string | undefined;
  gender?: string | undefined;
  /** name, path of names from the top with slashes, or id as `#7` */
  department?: string | undefined;
  email?: string | undefined;
  tel?: string | undefined;
  signInfo?: string | undefined;
}

/** The fields of a user that a row sets. */
export interface ImportedFields {
  nickName?: string;
  realName?: string;
  gender?: number;
  departmentId?: number;
  email?: string;
  tel?: string;
  signInfo?: string;
  /** true: marks the user as having left; false: restores a user who was removed by undoing an earlier import */
  disabled?: boolean;
}

export type ImportOutcome = 'create' | 'change' | 'leave' | 'same' | 'error';

/** What is wrong with a cell. */
export interface Fault {
  column: 'name' | 'nick_name' | 'real_name' | 'gender' | 'department' | 'email' | 'tel' | 'sign_info';
  fault:
    | 'missing'
    | 'too-long'
    /** another row has the same name; `value` is its number */
    | 'repeated'
    | 'unknown-gender'
    | 'unknown-department'
    /** several departments have the name */
    | 'ambiguous-department'
    /** the user has left the company */
    | 'has-left'
    /** another user was given the name in the meantime */
    | 'taken';
  value: string;
}

/** The user that a row names, in their current state. */
export interface Existing {
  id: number;
  fields: Required<ImportedFields>;
  /** counts as having left only because the import that added them was undone */
  takenBack: boolean;
}

export interface Judgement {
  outcome: ImportOutcome;
  faults: Fault[];
  /** the fields that the row sets */
  fields: ImportedFields;
  /** the changing fields before and after; undefined: none change */
  changes?: { before: object; after: object } | undefined;
}

/** Finds a department from the text of a cell. */
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
 * Decides what a row would do.
 * @param existing undefined: no user has that name
 * @param repeated number of another row with the same name; 0: none
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

/** The fields that undoing restores: those that nobody has changed since the import. */
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
