import { type DestinationStream, type Logger, pino } from 'pino';
import { formatInstance } from './instance.js';

export type { Logger } from 'pino';

export interface LoggerOptions {
  service: string;
  instance: number;
  level: string;
  /** Where lines go; standard output when left out. */
  destination?: DestinationStream;
}

/** One JSON object a line; `service` and `instance` in each. */
export function createLogger({ service, instance, level, destination }: LoggerOptions): Logger {
  const options = {
    level,
    base: { service, instance: formatInstance(instance) },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return destination ? pino(options, destination) : pino(options);
}
