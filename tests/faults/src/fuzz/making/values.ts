import type { Random } from '../../chaos/schedules/random.js';

/** What exists in the installation, so that inputs get past the first check. */
export interface Known {
  users: readonly number[];
  groups: readonly number[];
  /** users and groups that the sender has no business with */
  others: readonly number[];
  texts: readonly string[];
  tasks: readonly string[];
}

/** Numbers at which something begins, ends or overflows. */
const boundaries = [
  0, 1, 2, 15, 16, 17, 127, 128, 255, 256, 10_000, 10_001, 32_767, 32_768, 65_535, 65_536, 0x7fffffff,
  0x80000000, 0xfffffffe, 0xffffffff,
] as const;

const hostileTexts = [
  '',
  '\0',
  'a\0b',
  "'; DROP TABLE im_user; --",
  '../../../etc/passwd',
  '..\\..\\x',
  '\u202etxt.exe',
  '𠜎'.repeat(40),
  'é\u0301'.repeat(100),
  '%s%n%x',
  '{"$ne":null}',
  '__proto__',
  'constructor',
  '\ufeff\uffff',
  '<script>alert(1)</script>',
  'x'.repeat(129),
  'x'.repeat(300),
  'x'.repeat(5_000),
] as const;

/** A number that is at a boundary, or above all ids. */
export function boundary(random: Random): number {
  // Random numbers are above 2^31, where no ids are.
  return random.chance(0.8) ? random.pick(boundaries) : (random.between(0, 0x7fffffff) | 0x80000000) >>> 0;
}

export function hostileText(random: Random): string {
  return random.pick(hostileTexts);
}

/** A number that a field of that name may well have. */
export function likelyNumber(random: Random, name: string, known: Known): number {
  if (/group/.test(name) && /id/.test(name)) return random.pick(known.groups);
  if (/user|from|to_id|session_id|member|creator|peer/.test(name)) {
    const list = random.chance(0.2) ? known.others : random.chance(0.25) ? known.groups : known.users;
    return random.pick(list);
  }
  if (/time|_at$|since/.test(name))
    return random.chance(0.5) ? 0 : 1_700_000_000 + random.between(0, 1_000_000);
  if (/cnt|count|limit|size|offset/.test(name)) return random.between(0, 50);
  if (/type|status|mode|role|state|class/.test(name)) return random.between(0, 4);
  return random.between(0, 200);
}

export function likelyText(random: Random, name: string, known: Known): string {
  if (/task|request_id/.test(name)) {
    return known.tasks.length > 0 && random.chance(0.7) ? random.pick(known.tasks) : uuid(random);
  }
  return random.pick(known.texts);
}

function uuid(random: Random): string {
  const digits = Array.from({ length: 32 }, () => random.between(0, 15).toString(16)).join('');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

export function bytesOf(random: Random, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let i = 0; i < length; i++) bytes[i] = random.between(0, 255);
  return bytes;
}
