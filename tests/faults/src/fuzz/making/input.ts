import type { ServiceName } from '@teamtalk/local-stack';

/** The listeners that inputs are for, by the name that --only takes. */
export const listenerNames = [
  'msg_server',
  'websocket',
  'file_server',
  'login_server',
  'login_http',
  'http_msg_server',
  'msfs',
  'web_server',
  'push_service',
  'ops',
  'bus',
  'grpc',
  'file_websocket',
  'admin_server',
] as const;

export type ListenerName = (typeof listenerNames)[number];

/** Bytes for a connection of their own. */
export interface StreamInput {
  kind: 'stream';
  service: ServiceName;
  /** by the name the service reports */
  port: string;
  /** a login, and what its answer contains: the rest is written after it, since little is allowed before */
  login?: { chunks: Buffer[]; answer: Buffer };
  /** as written: each chunk is a write of its own */
  chunks: Buffer[];
  /** What is in the answers once all was handled; undefined: the server closes then. */
  marker?: Buffer;
  /** how the connection ends after that */
  ending: 'end' | 'destroy';
}

/** PDUs of one connection, over TCP or WebSocket. */
export interface Conversation extends Pick<StreamInput, 'marker' | 'ending'> {
  /** the login, and what its answer contains; the other PDUs are sent after it */
  login?: { pdu: Buffer; answer: Buffer };
  pdus: Buffer[];
}

/** One event for a subject of the bus. */
export interface BusInput {
  kind: 'bus';
  subject: string;
  isRequest: boolean;
  bytes: Buffer;
}

/** One call of db_proxy_server; several messages for a stream. */
export interface CallInput {
  kind: 'call';
  path: string;
  isStream: boolean;
  messages: Buffer[];
}

export type Input = StreamInput | BusInput | CallInput;

/** An input with where it came from, as it is written to a file. */
export interface Sent {
  listener: ListenerName;
  number: number;
  input: Input;
}

interface RecordedFailure {
  seed: number;
  problems: string[];
  inputs: Sent[];
}

export function toJson(failure: RecordedFailure): string {
  return JSON.stringify(failure, (_key, value: unknown) => {
    return isBufferJson(value) ? { hex: Buffer.from(value.data).toString('hex') } : value;
  });
}

/** @throws SyntaxError when it is not JSON */
export function fromJson(text: string): RecordedFailure {
  return JSON.parse(text, (_key, value: unknown) => {
    const { hex } = (value ?? {}) as { hex?: unknown };
    return typeof hex === 'string' ? Buffer.from(hex, 'hex') : value;
  }) as RecordedFailure;
}

// Buffer.toJSON comes before the replacer.
function isBufferJson(value: unknown): value is { data: number[] } {
  return typeof value === 'object' && value !== null && (value as { type?: unknown }).type === 'Buffer';
}
