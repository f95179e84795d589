import { type Overview, type Row, type State, totalsOf } from '@teamtalk/observer';

export interface Line {
  text: string;
  style?: 'heading' | 'bad' | 'warning' | 'past';
}

type Column = [heading: string, text: (row: Row) => string, align?: 'left'];

const columns: readonly Column[] = [
  ['SERVICE', ({ service }) => service, 'left'],
  ['INSTANCE', ({ instance }) => instance ?? '-', 'left'],
  ['ADDRESS', ({ address }) => address || '-', 'left'],
  ['STATE', ({ state }) => state, 'left'],
  ['CONNS', ({ connections }) => count(connections)],
  ['TAKEN/s', ({ takenPerSecond }) => rate(takenPerSecond)],
  ['ACKED/s', ({ ackedPerSecond }) => rate(ackedPerSecond)],
  ['DELIV/s', ({ deliveredPerSecond }) => rate(deliveredPerSecond)],
  ['REQ/s', ({ requestsPerSecond }) => rate(requestsPerSecond)],
  ['BYTES/s', ({ bytesPerSecond }) => bytes(bytesPerSecond)],
  ['OUTBOX', ({ outboxBatches }) => count(outboxBatches)],
  ['OLDEST', ({ outboxOldestSeconds }) => duration(outboxOldestSeconds)],
  ['LOOP', ({ eventLoopSeconds }) => duration(eventLoopSeconds)],
  ['BUS', ({ busSeconds }) => duration(busSeconds)],
  ['CPU', ({ cpuCores }) => (cpuCores === null ? '-' : `${Math.round(cpuCores * 100)}%`)],
  ['MEMORY', ({ memoryBytes }) => bytes(memoryBytes)],
  ['NOTE', ({ note }) => note, 'left'],
];

const styles: Partial<Record<State, Line['style']>> = {
  'no answer': 'bad',
  lost: 'bad',
  draining: 'warning',
  'not ready': 'warning',
  stopped: 'past',
};

/** The overview as lines of text. */
export function tableOf(overview: Overview): Line[] {
  const cells = [
    columns.map(([heading]) => heading),
    ...overview.rows.map((row) => columns.map(([, text]) => text(row))),
  ];
  const widths = columns.map((_, k) => Math.max(...cells.map((line) => line[k]!.length)));
  const [heading, ...lines] = cells.map((line) =>
    line
      .map((cell, k) => (columns[k]![2] ? cell.padEnd(widths[k]!) : cell.padStart(widths[k]!)))
      .join('  ')
      .trimEnd(),
  );
  return [
    ...summaryOf(overview),
    { text: '' },
    { text: heading!, style: 'heading' },
    ...lines.map((text, k): Line => ({ text, style: styles[overview.rows[k]!.state] })),
  ];
}

function summaryOf({ time, source, doubt, rows }: Overview): Line[] {
  const states = new Map<State, number>();
  for (const { state } of rows) states.set(state, (states.get(state) ?? 0) + 1);
  const counts = [...states].map(([state, number]) => `${number} ${state}`).join(', ');
  const {
    connections,
    takenPerSecond,
    ackedPerSecond,
    deliveredPerSecond,
    outboxBatches,
    outboxOldestSeconds,
  } = totalsOf(rows);
  return [
    { text: `teamtalk top  ${time.toTimeString().slice(0, 8)}  ${source}  ${counts || 'nobody'}` },
    {
      text:
        `clients ${count(connections)}  messages/s: ${rate(takenPerSecond)} taken, ${rate(ackedPerSecond)} acked, ` +
        `${rate(deliveredPerSecond)} delivered  outbox: ${count(outboxBatches)} batches, oldest ${duration(outboxOldestSeconds)}`,
    },
    ...(doubt ? [{ text: doubt, style: 'bad' as const }] : []),
  ];
}

function count(value: number | null): string {
  return value === null ? '-' : String(Math.round(value));
}

function rate(value: number | null): string {
  if (value === null) return '-';
  return value > 0 && value < 10 ? value.toFixed(1) : String(Math.round(value));
}

function duration(seconds: number | null): string {
  if (seconds === null) return '-';
  if (seconds === 0) return '0';
  if (seconds < 0.1) return `${(seconds * 1000).toFixed(1)}ms`;
  return seconds < 1 ? `${Math.round(seconds * 1000)}ms` : `${seconds.toFixed(1)}s`;
}

function bytes(value: number | null): string {
  if (value === null) return '-';
  let [left, unit] = [value, 0];
  for (; left >= 1000; unit++) left /= 1024;
  const digits = unit > 0 && left < 10 ? 1 : 0;
  return `${left.toFixed(digits)}${['', 'K', 'M', 'G', 'T'][unit] ?? '?'}`;
}
