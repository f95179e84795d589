import { teamtalk as events, topics } from '@teamtalk/bus';
import { serviceNames } from '@teamtalk/local-stack';
import { Commands, decodeBody, PduDecoder } from '@teamtalk/protocol';
import { messages, teamtalk } from '@teamtalk/rpc';
import { describe, expect, it } from 'vitest';
import { Random } from '../chaos/schedules/random.js';
import { AdminServerInputs } from './inputs/admin-server.js';
import { BusInputs } from './inputs/bus.js';
import { CallInputs } from './inputs/grpc.js';
import { LoginServerInputs } from './inputs/login-server.js';
import { MsgServerInputs } from './inputs/msg-server.js';
import { WebSocketInputs } from './inputs/web-socket.js';
import { fromJson, type StreamInput, toJson } from './making/input.js';
import { MessageMaker } from './making/message-maker.js';
import { messageType } from './making/schema.js';

const known = { users: [1, 2], groups: [3], others: [4], texts: ['text'], tasks: ['task'] };
const accounts = { names: ['a', 'b'], password: 'x', most: 50 };

function clients(seed: number): MsgServerInputs {
  return new MsgServerInputs(new Random(seed), known, accounts);
}

describe('inputs', () => {
  it('are the same from the same seed, and others from another one', () => {
    const some = (seed: number) => {
      const inputs = [clients(seed), new WebSocketInputs(new Random(seed), 'msg_server', clients(seed))];
      return inputs.flatMap((each) => Array.from({ length: 50 }, () => each.makeStream()));
    };
    expect(some(1)).toEqual(some(1));
    expect(some(1)).not.toEqual(some(2));
  });

  it('are what they were once they have been in a file', () => {
    const inputs = Array.from({ length: 20 }, (_, number) => {
      return {
        listener: 'login_server' as const,
        number,
        input: new LoginServerInputs(new Random(1), known).makeStream(),
      };
    });
    const failure = { seed: 1, problems: ['a problem'], inputs };
    expect(fromJson(toJson(failure))).toEqual(failure);
  });

  it('reach every subject of the bus and every method of the store', () => {
    const bus = new BusInputs(new Random(1), known, [7]);
    expect(bus.subjects).toHaveLength(Object.keys(topics).length - 1 + serviceNames.length);
    expect(bus.subjects).toContain(topics.node(7).subject);
    const calls = new CallInputs(new Random(1), known);
    expect(calls.paths).toContain(messages.append.path);
    const reached = new Set(Array.from({ length: 20_000 }, () => calls.make().path));
    for (const path of calls.paths) expect(reached).toContain(path);
  });
});

it('events never say what ends everybody’s connections, whatever is wrong with them', () => {
  const bus = new BusInputs(new Random(1), known, [7]);
  const { StoredBatch, NodeEvent, SnapshotRequest } = events.bus;
  const said: Record<string, (bytes: Buffer) => unknown> = {
    [topics.storedBatch(7).subject]: (bytes) => StoredBatch.decode(bytes).storeEpoch,
    [topics.presenceSnapshot(7).subject]: (bytes) => SnapshotRequest.decode(bytes).missedConnections.length,
    [topics.node(7).subject]: (bytes) => {
      const { deliver, evicted, broadcast } = NodeEvent.decode(bytes);
      return deliver?.storeEpoch || evicted || broadcast;
    },
  };
  const parsed = new Map(Object.keys(said).map((subject) => [subject, 0]));
  for (let i = 0; i < 20_000; i++) {
    const { subject, bytes } = bus.make();
    if (!said[subject]) continue;
    try {
      expect(said[subject](bytes)).toBeFalsy();
      parsed.set(subject, parsed.get(subject)! + 1);
    } catch (error) {
      // Whoever receives what does not parse ignores it.
      if (error instanceof Error && error.name === 'AssertionError') throw error;
    }
  }
  for (const count of parsed.values()) expect(count).toBeGreaterThan(100);
}, 120_000);

it('never ends the sessions that all requests to the console share', () => {
  const operation = {
    parameters: [{ name: 'session_id', in: 'path' as const, schema: { type: 'integer' } }],
  };
  const paths = {
    '/admin/v1/session': { get: {}, delete: {} },
    '/admin/v1/own-sessions/{session_id}': { delete: operation },
    '/admin/v1/users': { get: {} },
  };
  const inputs = new AdminServerInputs(new Random(1), known, { paths }, ['a'.repeat(43)]);
  const sent = Array.from({ length: 500 }, () =>
    Buffer.concat(inputs.makeStream().chunks).toString('latin1'),
  );
  const all = sent.join('');
  expect(all).toContain('GET /admin/v1/users');
  expect(all).toContain(`teamtalk-console=${'a'.repeat(43)}`);
  expect(all).not.toMatch(/DELETE \/admin\/v1\/(session|own-sessions)/);
});

describe('messages', () => {
  const types = ['IM.Message.IMMsgData', 'teamtalk.db.AppendFrame'] as const;
  const decoders = [
    (body: Uint8Array) => decodeBody(Commands.MsgData, body),
    (body: Uint8Array) => teamtalk.db.AppendFrame.decode(body),
  ];

  it.each(types.map((name, k) => [name, decoders[k]!] as const))(
    'without hostility parse: %s',
    (name, decode) => {
      const maker = new MessageMaker(new Random(1), known);
      for (let i = 0; i < 500; i++) decode(maker.make(messageType(name), 0));
    },
  );

  it.each(types.map((name, k) => [name, decoders[k]!] as const))(
    'with hostility partly do and partly do not: %s',
    (name, decode) => {
      const maker = new MessageMaker(new Random(1), known);
      let broken = 0;
      for (let i = 0; i < 500; i++) {
        try {
          decode(maker.make(messageType(name), 0.5));
        } catch {
          broken++;
        }
      }
      expect(broken).toBeGreaterThan(50);
      expect(broken).toBeLessThan(450);
    },
  );
});

it('connections of clients have many whole PDUs, whatever the writes', () => {
  const inputs = clients(1);
  const counts = Array.from({ length: 100 }, () => pdusOf(inputs.makeStream()));
  expect(counts.filter((count) => count > 20).length).toBeGreaterThan(40);
});

function pdusOf({ chunks }: StreamInput): number {
  const decoder = new PduDecoder(2 ** 20);
  let count = 0;
  try {
    for (const chunk of chunks) {
      decoder.push(chunk);
      while (decoder.next()) count++;
    }
  } catch {
    // A broken one ends the stream.
  }
  return count;
}
