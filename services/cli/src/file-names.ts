import path from 'node:path';

const maxNameBytes = 200;

/**
 * A safe file name from an untrusted one: the last part of what may look like a path, without control characters, never
 * hidden, never empty, never too long for a file system.
 */
export function plainName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? '';
  let plain = last
    .replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029:*?"<>|]/gu, '_')
    .replace(/^[.\s]+/, '')
    .trimEnd();
  while (Buffer.byteLength(plain) > maxNameBytes) plain = plain.slice(0, -1);
  return plain || 'file';
}

/** `name` in `folder`, or `name (2)` and so on where that is taken. */
export function freePath(folder: string, name: string, isTaken: (file: string) => boolean): string {
  const { name: stem, ext } = path.parse(name);
  for (let n = 1; ; n++) {
    const file = path.join(folder, n === 1 ? name : `${stem} (${n})${ext}`);
    if (!isTaken(file)) return file;
  }
}
