/** A template expression that replaces a scalar, with its braces. */
export class Raw {
  constructor(readonly text: string) {}
}

/** A pipeline without braces that renders YAML of its own, indented to its position. */
export class Block {
  constructor(readonly pipeline: string) {}
}

export type Value = null | boolean | number | string | Raw | Block | Value[] | { [key: string]: Value };

/** The key of a Block that adds entries to those of its map. */
export const more = '@';

/** What an object has at some position: `base` unless a condition holds. Undefined: nothing. */
export interface Choice {
  base: Value | undefined;
  others: readonly (readonly [condition: string, value: Value | undefined])[];
}

type Fields = Readonly<Record<string, Value>>;

/** Fields that identify the items of a list, in order of preference; other lists are compared as a whole. */
const identities = ['mountPath', 'name'];

/**
 * The lines of a map, with conditions only where the alternatives differ.
 * @throws Error when two conditions that can hold together require different values
 */
export function mapLines(choice: Choice, indent = 0, first?: string): string[] {
  const alternatives = [choice.base, ...choice.others.map(([, value]) => value)] as Fields[];
  const keys = inOrder(alternatives.map((fields) => Object.keys(fields)));
  if (first) keys.sort((a, b) => Number(b === first) - Number(a === first));
  return keys.flatMap((key) =>
    entryLines(
      key,
      each(choice, (value) => (value as Fields)[key]),
      indent,
    ),
  );
}

/** Wraps a document in its conditions, if it has any. */
export function within(conditions: readonly string[], lines: readonly string[]): string[] {
  if (conditions.length === 0) return [...lines];
  return [`{{- if ${anyOf(conditions)} }}`, ...lines, '{{- end }}'];
}

function entryLines(key: string, choice: Choice, indent: number): string[] {
  const narrow = narrowed(choice);
  if (narrow.others.length === 0) return plainEntry(key, narrow.base, indent);
  const alternatives = [narrow.base, ...narrow.others.map(([, value]) => value)];
  const pad = ' '.repeat(indent);
  if (alternatives.every(isMap)) return [`${pad}${key}:`, ...mapLines(narrow, indent + 2)];
  const identity = identities.find((field) => alternatives.every((list) => isListBy(field, list)));
  if (identity) return [`${pad}${key}:`, ...listLines(identity, narrow, indent + 2)];
  return either(narrow, pad, (value) => plainEntry(key, value, indent));
}

function listLines(identity: string, choice: Choice, indent: number): string[] {
  const idsOf = (list: Value | undefined) => (list as Fields[]).map((item) => String(item[identity]));
  const ids = inOrder([choice.base, ...choice.others.map(([, value]) => value)].map(idsOf));
  return ids.flatMap((id) => {
    const item = narrowed(each(choice, (list) => (list as Fields[]).find((one) => one[identity] === id)));
    const alternatives = [item.base, ...item.others.map(([, value]) => value)];
    if (alternatives.every(isMap)) return itemLines(item, indent, identity);
    return either(item, ' '.repeat(indent), (value) => itemLines(always(value), indent, identity));
  });
}

/** A list item that is a map. The dash precedes its first entry, which must be unconditional. */
function itemLines(choice: Choice, indent: number, first?: string): string[] {
  const [line = '', ...rest] = mapLines(choice, indent + 2, first);
  return [`${' '.repeat(indent)}- ${line.trimStart()}`, ...rest];
}

function plainEntry(key: string, value: Value | undefined, indent: number): string[] {
  const pad = ' '.repeat(indent);
  const name = scalar(key);
  if (value === undefined) return [];
  if (key === more) return [`${pad}{{- ${(value as Block).pipeline} | nindent ${indent} }}`];
  if (value instanceof Block) {
    return [`${pad}${name}:`, `${pad}  {{- ${value.pipeline} | nindent ${indent + 2} }}`];
  }
  if (Array.isArray(value) && value.length > 0) {
    return [`${pad}${name}:`, ...value.flatMap((item) => plainItem(item, indent + 2))];
  }
  if (isMap(value) && Object.keys(value).length > 0) {
    return [`${pad}${name}:`, ...mapLines(always(value), indent + 2)];
  }
  return [`${pad}${name}: ${scalar(value)}`];
}

function plainItem(item: Value, indent: number): string[] {
  if (isMap(item) && Object.keys(item).length > 0) return itemLines(always(item), indent);
  return [`${' '.repeat(indent)}- ${scalar(item)}`];
}

/** A branch for each alternative. */
function either(choice: Choice, pad: string, linesOf: (value: Value | undefined) => string[]): string[] {
  const groups = new Map<string, { conditions: string[]; value: Value | undefined }>();
  for (const [condition, value] of choice.others) {
    const key = JSON.stringify(value) ?? '';
    const group = groups.get(key) ?? { conditions: [], value };
    group.conditions.push(condition);
    groups.set(key, group);
  }
  const branches = [...groups.values()];
  const ways = branches.flatMap(({ conditions }) => conditions);
  if (branches.length > 1 && !ways.every((condition) => condition.startsWith('eq $.Values.wayIn '))) {
    throw new Error(`${ways.join(' and ')} require different values: ${JSON.stringify(choice)}`);
  }
  const [only] = branches;
  if (only && branches.length === 1 && only.value === undefined) {
    return [`${pad}{{- if not (${anyOf(only.conditions)}) }}`, ...linesOf(choice.base), `${pad}{{- end }}`];
  }
  const lines = branches.flatMap(({ conditions, value }, k) => [
    `${pad}{{- ${k === 0 ? 'if' : 'else if'} ${anyOf(conditions)} }}`,
    ...linesOf(value),
  ]);
  const otherwise = choice.base === undefined ? [] : [`${pad}{{- else }}`, ...linesOf(choice.base)];
  return [...lines, ...otherwise, `${pad}{{- end }}`];
}

function anyOf(conditions: readonly string[]): string {
  const [only] = conditions;
  return conditions.length === 1 ? `${only}` : `or ${conditions.map((each) => `(${each})`).join(' ')}`;
}

const always = (value: Value | undefined): Choice => ({ base: value, others: [] });

function each(choice: Choice, pick: (value: Value | undefined) => Value | undefined): Choice {
  return {
    base: pick(choice.base),
    others: choice.others.map(([condition, value]) => [condition, pick(value)]),
  };
}

/** Drops alternatives that equal `base`. */
function narrowed({ base, others }: Choice): Choice {
  const same = JSON.stringify(base);
  return { base, others: others.filter(([, value]) => JSON.stringify(value) !== same) };
}

/** Merges lists of names. A name that the first list lacks goes before the name that follows it in its own list. */
function inOrder(lists: readonly (readonly string[])[]): string[] {
  const [first = [], ...others] = lists;
  const order = [...first];
  for (const list of others) {
    for (const [k, name] of list.entries()) {
      if (order.includes(name)) continue;
      const next = list.slice(k + 1).find((later) => order.includes(later));
      order.splice(next === undefined ? order.length : order.indexOf(next), 0, name);
    }
  }
  return order;
}

function isMap(value: Value | undefined): value is { [key: string]: Value } {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Raw) &&
    !(value instanceof Block)
  );
}

function isListBy(field: string, value: Value | undefined): boolean {
  if (!Array.isArray(value)) return false;
  const ids = value.map((item) => (isMap(item) ? item[field] : undefined));
  return ids.every((id) => typeof id === 'string') && new Set(ids).size === ids.length;
}

/** Text that YAML reads as a string without quotes. */
const plainText = /^(?!(?:true|false|null|yes|no|on|off|y|n)$)[A-Za-z/][\w./-]*$/i;

function scalar(value: Value): string {
  if (value instanceof Raw) return value.text;
  if (typeof value !== 'string') return JSON.stringify(value);
  if (plainText.test(value)) return value;
  // Escapes braces in the object's own text, which the template engine would interpret.
  return JSON.stringify(value).replaceAll('{{', '{{ "{{" }}');
}
