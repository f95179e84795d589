import { randomBytes } from 'node:crypto';

/** A random unsigned 32-bit number that identifies one run of a process; never 0. */
export function newInstance(): number {
  return randomBytes(4).readUInt32BE() || 1;
}

/** An instance as 8 hex digits, the form in logs and NATS subjects. */
export function formatInstance(instance: number): string {
  return instance.toString(16).padStart(8, '0');
}

/**
 * The 16 hex digits that identify a message in every service's log: the instance that received it and its request id there
 * (both unsigned 32-bit).
 */
export function traceId(instance: number, requestId: number): string {
  return formatInstance(instance) + formatInstance(requestId);
}

/** The instance and the request id of a trace id, upper or lower case; undefined when invalid. */
export function traceHalves(trace: string): { instance: number; requestId: number } | undefined {
  if (!/^[0-9a-f]{16}$/i.test(trace)) return undefined;
  return { instance: Number.parseInt(trace.slice(0, 8), 16), requestId: Number.parseInt(trace.slice(8), 16) };
}
