import { createHash } from 'node:crypto';
import type { LegacyOptions } from './options.js';
import { epoch, isGone } from './people.js';
import { Random } from './random.js';
import type { LegacySink } from './sink.js';
import { note, type Truth } from './truth.js';

const kinds = [
  'waits',
  'waits, of March 2015',
  'no row',
  'no file',
  'fetched',
  'twice behind one another',
  'empty',
  'long name',
  'receiver gone',
  'cut off',
] as const;

/** The folder offline_file with the headers of both versions, and IMTransmitFile. */
export function makeOfflineFiles(options: LegacyOptions, sink: LegacySink, truth: Truth): void {
  const random = new Random(`${options.seed} offline files`);
  for (let n = 0; n < 3 * kinds.length; n++) {
    const kind = kinds[n % kinds.length]!;
    const task = uuid(random);
    const fromId = known(random, options.users);
    const toId = kind === 'receiver gone' ? 37 : known(random, options.users);
    const content = kind === 'empty' ? Buffer.alloc(0) : random.bytes(random.int(1, 3_000));
    const name = kind === 'long name' ? '长'.repeat(300) : n % 2 === 0 ? `report ${n}.xlsx` : `照片${n}.jpg`;
    const row = options.transmitFile && kind !== 'no row';
    if (kind !== 'no file') {
      const march = kind === 'waits, of March 2015';
      const upload = Buffer.concat([header(task, fromId, toId, content.length, march), content]);
      const whole = kind === 'twice behind one another' ? Buffer.concat([upload, upload]) : upload;
      const folder = march ? encoded(toId) : task.slice(0, 2);
      sink.offlineFile(`${folder}/${task}`, kind === 'cut off' ? whole.subarray(0, -1) : whole);
      note(truth, 'offline_file', fileReason(kind, row));
    }
    if (!row) continue;
    const status = kind === 'fetched' ? 1 : 0;
    const size = content.length;
    sink.row('IMTransmitFile', {
      fromId,
      toId,
      fileName: name,
      taskId: task,
      size,
      status,
      updated: epoch,
      created: epoch,
    });
    const reason = rowReason(kind);
    note(truth, 'IMTransmitFile', reason);
    if (reason) continue;
    const sha256 = createHash('sha256').update(content).digest('hex');
    truth.offlineFiles.set(task, { fromId, toId, name: name.slice(0, 255), size, sha256 });
  }
}

function rowReason(kind: (typeof kinds)[number]): string | undefined {
  if (kind === 'no file') return 'offline-row-without-file';
  if (kind === 'fetched') return 'offline-file-fetched';
  if (kind === 'twice behind one another' || kind === 'cut off') return 'offline-file-broken';
  if (kind === 'receiver gone') return 'offline-file-without-user';
  return undefined;
}

function fileReason(kind: (typeof kinds)[number], row: boolean): string | undefined {
  if (!row || kind === 'fetched') return 'offline-file-without-row';
  return rowReason(kind);
}

/** Texts ended by NUL in fields of fixed lengths; the name is always empty. */
function header(task: string, fromId: number, toId: number, size: number, march: boolean): Buffer {
  const id = (user: number) => (march ? encoded(user) : String(user));
  const fields: [text: string, length: number][] = [
    [task, 128],
    [id(fromId), 64],
    [id(toId), 64],
    [String(epoch), 128],
    ['', 512],
    [String(size), 64],
    ...(march ? [['1', 64] as [string, number]] : []),
  ];
  return Buffer.concat(
    fields.map(([text, length]) => {
      const field = Buffer.alloc(length);
      field.write(text);
      return field;
    }),
  );
}

/** How the version of March 2015 wrote a user's id. */
function encoded(user: number): string {
  return `1${(2 * user + 56).toString(36)}`;
}

function known(random: Random, users: number): number {
  for (;;) {
    const id = random.int(1, users);
    if (!isGone(id)) return id;
  }
}

function uuid(random: Random): string {
  const hex = random.bytes(16).toString('hex').toUpperCase();
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
