import { InvalidArgumentError } from 'commander';

/** A conversation to trace, by its ids. */
export type TracedConversation = { user: number; peer: number } | { group: number };

/** Reads `p2p:1:2` or `group:7`. @throws InvalidArgumentError */
export function conversation(text: string): TracedConversation {
  const [, one, other, group] = /^(?:p2p:(\d{1,10}):(\d{1,10})|group:(\d{1,10}))$/.exec(text) ?? [];
  if (group !== undefined) return { group: Number(group) };
  if (one !== undefined && one !== other) return { user: Number(one), peer: Number(other) };
  throw new InvalidArgumentError('must be p2p:USER:USER or group:GROUP, with ids');
}

/** Reads a trace id as it is in logs (16 hex digits) or in traces (with 16 zeros before them). @throws InvalidArgumentError */
export function messageTrace(text: string): string {
  const id = text.replace(/^0{16}(?=.{16}$)/, '');
  if (/^[0-9a-f]{16}$/i.test(id)) return id;
  throw new InvalidArgumentError('must be 16 hex digits, as in the log or the header X-Trace-Id');
}

/** Reads a time such as 30s, 10m or 24h. @returns seconds. @throws InvalidArgumentError */
export function duration(text: string): number {
  const [, count, unit] = /^(\d{1,6})([smh])$/.exec(text) ?? [];
  const seconds = Number(count) * { s: 1, m: 60, h: 3600 }[(unit ?? 's') as 's' | 'm' | 'h'];
  if (seconds >= 1 && seconds <= 7 * 86_400) return seconds;
  throw new InvalidArgumentError('must be a time such as 30s, 10m or 24h, at most 168h');
}
