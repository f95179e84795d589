import { createTextCodec, DEFAULT_TEXT_KEY, imageText } from '@teamtalk/protocol';
import { oldMsfs } from './people.js';
import type { Random } from './random.js';
import { type MessageRow, noNumber } from './rows.js';
import type { Voices } from './voices.js';

/** What is wrong with the numbers of a conversation. */
export const numberings = [
  'clean',
  'gaps',
  'restarted',
  'lost counter',
  'twice',
  'late start',
  'all gone',
] as const;
export type Numbering = (typeof numberings)[number];

const codec = createTextCodec(DEFAULT_TEXT_KEY);

/** Who writes what, when: the rows that one counter numbered. */
export interface Stretch {
  /** relate id, or group */
  owner: number;
  conv: bigint;
  count: number;
  start: number;
  numbering: Numbering;
  isGroup: boolean;
  /** clocks of several servers that differ, and one that was wrong */
  skewed: boolean;
  /** rows that are never shown are among them */
  hidden: boolean;
  /** one row in so many is a voice message; 0: none */
  voiceEvery: number;
  writer(random: Random, index: number): { fromId: number; toId: number };
}

/** Rows that are never shown, and by what they differ. */
const hiddenKinds: { reason: string; type?: number; status?: number; content?: null }[] = [
  { reason: 'message-deleted', status: 1 },
  { reason: 'message-type', type: 9 },
  { reason: 'message-type', type: 101 },
  { reason: 'message-null', content: null },
];

export function makeStretch(stretch: Stretch, random: Random, voices: Voices): MessageRow[] {
  const rows: MessageRow[] = [];
  let created = stretch.start;
  let number = stretch.numbering === 'late start' ? random.int(5, 900) : 0;
  for (let index = 0; index < stretch.count; index++) {
    created += random.int(0, 90);
    number = nextNumber(stretch, random, number, index);
    const lost = stretch.numbering === 'lost counter' && index % 5 === 3;
    const { fromId, toId } = stretch.writer(random, index);
    const isVoice = stretch.voiceEvery > 0 && index % stretch.voiceEvery === 1;
    const voice = isVoice ? voices.make(random, fromId, toId, created) : undefined;
    const content = voice?.content ?? textOf(random, stretch, index);
    const row: MessageRow = {
      owner: stretch.owner,
      conv: stretch.conv,
      fromId,
      toId,
      msgId: lost ? noNumber : number,
      content,
      type: (isVoice ? 2 : 1) + (stretch.isGroup ? 16 : 0),
      status: 0,
      created: clock(stretch, random, created, index),
      stored: created + (random.chance(0.02) ? 2 : 0),
      fate: { data: voice?.data ?? Buffer.from(content) },
      id: 0,
    };
    rows.push(row);
    if (stretch.hidden && !isVoice && index % 4 === 2) hide(row, (index >> 2) % hiddenKinds.length, stretch);
  }
  return rows;
}

function nextNumber({ numbering, count }: Stretch, random: Random, before: number, index: number): number {
  if (numbering === 'gaps') return before + (random.chance(0.15) || index === 1 ? 2 : 1);
  if (numbering === 'restarted' && index === Math.ceil(count / 2)) return 1;
  if (numbering === 'twice' && index % 6 === 4) return Math.max(1, before - 2);
  if (numbering === 'all gone') return noNumber;
  return before + 1;
}

function clock({ skewed }: Stretch, random: Random, created: number, index: number): number {
  if (!skewed) return created;
  if (index === 2) return 0;
  if (index === 3) return 4_102_444_800;
  return Math.max(1, created + random.int(-40, 40));
}

function textOf(random: Random, { owner, conv }: Stretch, index: number): string {
  const kind = random.int(0, 199);
  // Written by somebody's own tool; its backslashes and tabs are the text's.
  if (kind === 0) return `plain\ttext \\ of ${owner}/${index} \n 'quoted' 图`;
  if (kind === 1) return '';
  // Beyond 3,068 bytes the base64 is cut off.
  if (kind === 2)
    return codec.encrypt(`${conv}/${owner}/${index} `.padEnd(3_200, '长')).toString().slice(0, 4_096);
  if (kind === 3)
    return codec.encrypt(imageText(`${oldMsfs}g0/000/007/${1_470_000_000_000_000 + index}_1.jpg`)).toString();
  return codec.encrypt(`${conv}/${owner}/${index} ${'word '.repeat(random.int(0, 8))}`).toString();
}

function hide(row: MessageRow, kind: number, { isGroup }: Stretch): void {
  // A group's content is NOT NULL.
  const { reason, type, status, content } = hiddenKinds[isGroup && kind === 3 ? 0 : kind]!;
  if (type !== undefined) row.type = type;
  if (status !== undefined) row.status = status;
  if (content === null) row.content = null;
  row.fate = { leftOut: reason };
}
