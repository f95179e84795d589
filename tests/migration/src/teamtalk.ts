import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { imageFolder, type LegacyPlaces, offlineFolder } from './legacy/store.js';

const program = fileURLToPath(new URL('../../../services/cli/bin/teamtalk.mjs', import.meta.url));

/** The words of `teamtalk import COMMAND` for a store. */
export function importWords(command: string, places: LegacyPlaces, ...more: string[]): string[] {
  const numbers = Object.entries(places.databases).map((each) => each.join('='));
  return [
    ...[
      'import',
      command,
      '--mysql',
      places.mysql,
      '--redis',
      places.redis,
      '--db-numbers',
      numbers.join(','),
    ],
    ...['--images', imageFolder(places), '--offline-files', offlineFolder(places)],
    ...more,
  ];
}

export interface Running {
  child: ChildProcess;
  /** what it has written so far */
  output(): string;
  /** its status; 137 where it was killed */
  ended: Promise<number>;
}

/** Starts the command line tool as a process of its own. */
export function teamtalk(words: readonly string[], env: NodeJS.ProcessEnv): Running {
  const child = spawn(process.execPath, [program, ...words], { env: { ...process.env, ...env } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += String(text)));
  const ended = once(child, 'close').then(([status]) => (status as number | null) ?? 137);
  return { child, output: () => output, ended };
}

interface Found {
  name: string;
  samples: string[];
  unexplained?: number;
  differences?: number;
}

/** What `teamtalk import verify` finds wrong, in words. */
export async function unexplained(places: LegacyPlaces, env: NodeJS.ProcessEnv): Promise<string[]> {
  const verifying = teamtalk(importWords('verify', places, '--json'), env);
  await verifying.ended;
  const line = verifying
    .output()
    .split('\n')
    .find((each) => each.startsWith('{'));
  if (line === undefined) return [verifying.output()];
  const { reconciliations, comparisons } = JSON.parse(line) as Record<
    'reconciliations' | 'comparisons',
    Found[]
  >;
  return [...reconciliations, ...comparisons]
    .filter(({ unexplained = 0, differences = 0 }) => unexplained + differences > 0)
    .flatMap(({ name, samples }) => samples.map((sample) => `${name}: ${sample}`));
}
