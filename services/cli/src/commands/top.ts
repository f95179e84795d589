import { type Command, InvalidArgumentError } from 'commander';
import type { TopOptions } from '../top/run.js';

/** `teamtalk top` */
export function define(command: Command): void {
  command
    .addHelpText(
      'after',
      '\nInstances are found over NATS (NATS_URL, NATS_PREFIX), unless --metrics lists them.',
    )
    .option('--metrics <addresses>', 'host:port of the metrics of each instance, separated by commas')
    .option('--interval <seconds>', 'seconds between two looks', parseInterval, 2)
    .option('--once', 'measure one interval, print, and end')
    .option('--json', 'print one JSON object per look')
    .action(async (options: TopOptions) => (await import('../top/run.js')).top(options));
}

function parseInterval(text: string): number {
  const seconds = Number(text);
  if (!(seconds >= 0.5 && seconds <= 3600)) throw new InvalidArgumentError('0.5 to 3600 seconds');
  return seconds;
}
