import { makeStretch, type Numbering, numberings } from './conversation.js';
import type { LegacyOptions } from './options.js';
import { epoch, isGone } from './people.js';
import { Random } from './random.js';
import { type MessageRow, pairConv } from './rows.js';
import type { LegacySink } from './sink.js';
import { note, type Truth } from './truth.js';
import type { Voices } from './voices.js';

/** What is special about a pair, besides its numbers. */
const pairKinds = [
  'usual',
  'two relations',
  'no relation',
  'a stranger’s rows',
  'skewed clocks',
  'hidden rows',
  'hidden rows only',
  'voices',
  'removed relation',
] as const;
type PairKind = (typeof pairKinds)[number];

/** A pair, with the rows of all relations it has. */
export interface Pair {
  conv: bigint;
  low: number;
  high: number;
  /** its number, from which its dirt follows */
  index: number;
  relations: { id: number; row: boolean; status: number; stretch: (voices: Voices) => MessageRow[] }[];
}

export function planPairs(options: LegacyOptions): Pair[] {
  const random = new Random(`${options.seed} pairs`);
  const wanted = Math.max(80, Math.round(options.messages / 60));
  const mean = (0.6 * options.messages) / wanted;
  const pairs = new Map<bigint, Pair>();
  let relation = 0;
  // Two users may draw each other again, so that fewer come out than are wanted.
  for (let index = 0; index < wanted; index++) {
    const one = random.int(1, options.users);
    const other = random.int(1, options.users);
    const conv = pairConv(one, other);
    if (one === other || pairs.has(conv) || (isGone(one) && isGone(other))) continue;
    const [low, high] = [Math.min(one, other), Math.max(one, other)];
    const kind: PairKind =
      index < 4 * pairKinds.length
        ? pairKinds[index % pairKinds.length]!
        : random.chance(0.7)
          ? 'usual'
          : random.pick(pairKinds);
    const numbering: Numbering =
      index < 60
        ? numberings[(index >> 1) % numberings.length]!
        : random.chance(0.6)
          ? 'clean'
          : random.pick(numberings);
    const count = Math.max(index < 60 ? 12 : 1, random.length(mean));
    const start = epoch + random.int(0, 100_000_000);
    const make = (id: number, share: number, from: number, own: Numbering) => (voices: Voices) =>
      makeStretch(
        {
          owner: id,
          conv,
          count: Math.max(1, Math.round(count * share)),
          start: from,
          numbering: own,
          isGroup: false,
          skewed: kind === 'skewed clocks',
          hidden: kind === 'hidden rows' || kind === 'hidden rows only',
          voiceEvery: kind === 'voices' ? 3 : kind !== 'hidden rows only' && count > 30 ? 50 : 0,
          writer: (writers) =>
            writers.chance(0.5) ? { fromId: low, toId: high } : { fromId: high, toId: low },
        },
        new Random(`${options.seed} relation ${id}`),
        voices,
      ).map((row) =>
        kind === 'hidden rows only' ? { ...row, status: 1, fate: { leftOut: 'message-deleted' } } : row,
      );
    const pair: Pair = { conv, low, high, index, relations: [] };
    const status = kind === 'removed relation' ? 1 : 0;
    const add = (share: number, from: number, own: Numbering, row: boolean) => {
      const id = ++relation;
      pair.relations.push({ id, row, status, stretch: make(id, share, from, own) });
    };
    add(1, start, numbering, kind !== 'no relation');
    if (kind === 'two relations') add(0.5, start + 30, 'clean', true);
    pairs.set(conv, pair);
    // Rows of a third user, which some tool moved here: who wrote to whom decides, not the relation.
    if (kind === 'a stranger’s rows') {
      const stranger = 1 + ((low + 1) % options.users);
      if (stranger !== low && stranger !== high && !(isGone(stranger) && isGone(low)))
        addStranger(options, pairs, pair, stranger, start);
    }
  }
  return [...pairs.values()];
}

function addStranger(
  options: LegacyOptions,
  pairs: Map<bigint, Pair>,
  of: Pair,
  stranger: number,
  start: number,
): void {
  const conv = pairConv(of.low, stranger);
  const pair = pairs.get(conv) ?? {
    conv,
    low: Math.min(of.low, stranger),
    high: Math.max(of.low, stranger),
    index: 1_000_000 + of.index,
    relations: [],
  };
  pairs.set(conv, pair);
  const { id } = of.relations[0]!;
  pair.relations.push({
    id,
    row: false,
    status: 0,
    stretch: (voices) =>
      makeStretch(
        {
          owner: id,
          conv,
          count: 3,
          start: start + 5,
          numbering: 'late start',
          isGroup: false,
          skewed: false,
          hidden: false,
          voiceEvery: 0,
          writer: () => ({ fromId: stranger, toId: of.low }),
        },
        new Random(`${options.seed} stranger ${id}`),
        voices,
      ),
  });
}

/** Rows that no conversation can hold: of nobody, of a user to themselves, of a number too large. */
export function strayRows(relation: number): MessageRow[] {
  const strays: [fromId: number, toId: number, reason: string][] = [
    [0, 3, 'message-without-pair'],
    [3, 0, 'message-without-pair'],
    [4, 4, 'message-to-self'],
    [3_000_000_000, 5, 'id-too-large'],
  ];
  return strays.map(([fromId, toId, leftOut], index) => ({
    owner: relation + index,
    conv: 0n,
    fromId,
    toId,
    msgId: 1,
    content: 'x',
    type: 1,
    status: 0,
    created: epoch,
    stored: epoch,
    fate: { leftOut },
    id: 0,
  }));
}

/** IMRelationShip, in the order of the ids; two pairs that never wrote have rows, too. */
export function makeRelations(
  pairs: readonly Pair[],
  shown: ReadonlySet<bigint>,
  sink: LegacySink,
  truth: Truth,
): void {
  const rows = pairs.flatMap(({ low, high, conv, relations }) =>
    relations.filter(({ row }) => row).map(({ id, status }) => ({ id, low, high, conv, status })),
  );
  rows.sort((a, b) => a.id - b.id);
  const last = rows.at(-1)?.id ?? 0;
  rows.push({ id: last + 101, low: 1, high: 999_999, conv: 1n, status: 0 });
  rows.push({ id: last + 102, low: 2, high: 2, conv: 2n, status: 0 });
  for (const { id, low, high, conv, status } of rows) {
    sink.row('IMRelationShip', { id, smallId: low, bigId: high, status, created: epoch, updated: epoch });
    note(truth, 'IMRelationShip', shown.has(conv) ? undefined : 'relation-without-messages');
  }
}
