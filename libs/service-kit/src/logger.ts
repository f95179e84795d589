import { type DestinationStream, type Logger, pino } from 'pino';
import { formatInstance } from './instance.js';

export type { Logger } from 'pino';

export interface LoggerOptions {
  service: string;
  instance: number;
  level: string;
  /** Where lines go; default: standard output. */
  destination?: DestinationStream;
}

/** Writes one JSON object per line, each with `service` and `instance`. */
export function createLogger({ service, instance, level, destination }: LoggerOptions): Logger {
  const options = {
    level,
    base: { service, instance: formatInstance(instance) },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return destination ? pino(options, destination) : pino(options);
}
