import { InvalidArgumentError, Option } from 'commander';

/** Reads a whole number from `min` to `max`. @throws InvalidArgumentError, which commander shows as wrong usage */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`must be a whole number from ${min} to ${max}`);
  };
}

/** Reads a number from `min` to `max`. @throws InvalidArgumentError, as `wholeNumber` */
export function decimalNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`must be a number from ${min} to ${max}`);
  };
}

/** Reads `host:port`, with an IPv6 address in brackets. */
export function hostAndPort(text: string): { host: string; port: number } {
  const match = /^(?:\[(?<six>[^\]]+)\]|(?<four>[^:[\]]+)):(?<port>\d{1,5})$/.exec(text);
  const { six, four, port } = match?.groups ?? {};
  const host = six ?? four;
  const number = Number(port);
  if (host && number >= 1 && number <= 65535) return { host, port: number };
  throw new InvalidArgumentError('must be host:port, such as 127.0.0.1:8000');
}

/** Parses a time of day, such as 03:30, into minutes after midnight. */
export function timeOfDay(text: string): number {
  const [, hours, minutes] = /^(\d{1,2}):(\d\d)$/.exec(text) ?? [];
  if (hours === undefined || Number(hours) > 23 || Number(minutes) > 59) {
    throw new InvalidArgumentError('must be a time of day such as 03:30');
  }
  return Number(hours) * 60 + Number(minutes);
}

/** Reads the base URL of an HTTP server. */
export function httpUrl(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new InvalidArgumentError('must be a URL such as http://127.0.0.1:8080');
}

/** An option that takes one of these words. */
export function choice<W extends string>(
  flags: string,
  description: string,
  words: readonly W[],
  preset: W,
): Option {
  const read = (text: string): W => {
    const word = words.find((each) => each === text);
    if (word !== undefined) return word;
    throw new InvalidArgumentError(`must be one of ${words.join(', ')}`);
  };
  return new Option(flags, description).argParser(read).default(preset);
}

/** Reads words with commas between them. */
export function commaSeparated(text: string): string[] {
  return text.split(',').map((word) => word.trim());
}

/** Parses calls per second, such as 50/s. */
export function callsPerSecond(text: string): number {
  const rate = /^(\d+(?:\.\d+)?)(?:\/s)?$/.exec(text)?.[1];
  const value = Number(rate);
  if (value > 0 && value <= 1_000_000) return value;
  throw new InvalidArgumentError('must be a rate such as 50/s');
}
