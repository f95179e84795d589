import type { StepUsage } from './usage.js';

const projected = 100_000_000;

export interface Measured extends StepUsage {
  step: string;
  /** rows processed; 0 where that is not meaningful */
  rows: number;
  /** memory use of the importer, bytes; 0 if it did not run */
  memory: number;
  /** findings in words, or empty */
  found: string;
}

/** The results as text, one line per step. */
export function describe(messages: number, steps: readonly Measured[]): string {
  const width = Math.max(...steps.map(({ step }) => step.length));
  const bare = steps.find(({ step }) => step === 'bare COPY')!;
  const lines = steps.map((each) => {
    const { step, rows, seconds, memory, found } = each;
    const parts = [`${seconds.toFixed(1)} s`];
    if (rows > 0) parts.push(`${Math.round(rows / seconds)} messages/s`);
    if (rows === bare.rows) parts.push(...beside(bare, each));
    if (found !== '') parts.push(found);
    if (memory > 0) parts.push(`${Math.round(memory / 1e6)} MB`);
    return `${step.padEnd(width)}  ${parts.join('; ')}`;
  });
  return `${messages} messages\n${lines.join('\n')}\n`;
}

/** Compares a step that processes all messages to a plain COPY of them. */
function beside(bare: Measured, each: Measured): string[] {
  const { rows, seconds, cpu } = each;
  const total = ({ cpu: used }: StepUsage) => used.importer + used.MariaDB + used.PostgreSQL;
  const microseconds = (cpuSeconds: number) => ((cpuSeconds * 1e6) / rows).toFixed(1);
  const parts = Object.entries(cpu).map(([name, used]) => `${name} ${microseconds(used)}`);
  return [
    `${(bare.seconds / seconds).toFixed(3)} of a bare COPY`,
    `CPU microseconds a message: ${microseconds(total(each))} (${(total(each) / total(bare)).toFixed(1)} times a bare COPY; ${parts.join(', ')})`,
    `${projected / 1e6} million take ${((seconds * projected) / rows / 3_600).toFixed(1)} h at this rate`,
  ];
}
