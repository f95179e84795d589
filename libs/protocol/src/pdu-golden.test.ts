import { describe, expect, it } from 'vitest';
import type { Command } from './command.js';
import { allCommands } from './commands.js';
import { PduDecoder } from './decoder.js';
import { HEADER_LENGTH, MSG_SERVER_FRAME_LIMIT } from './header.js';
import { BodyError, decodeBody, encodePdu } from './pdu.js';
import { type GoldenPdu, readGoldenPdus } from './testing/golden-pdus.js';
import { readSchema } from './testing/proto-schema.js';

const goldenPdus = readGoldenPdus();
const schema = readSchema();

// A fixture matches its command, but the compiler cannot know that.
function commandOf(golden: GoldenPdu): Command<object, object> {
  const command = allCommands.find(({ name }) => name === golden.command);
  if (!command) throw new Error(`no command ${golden.command}`);
  return command as unknown as Command<object, object>;
}

it('there is a golden PDU of every command', () => {
  expect(new Set(goldenPdus.map(({ command }) => command))).toEqual(new Set(schema.commandIds.keys()));
});

describe.each(goldenPdus.map((golden) => ({ golden, title: `${golden.command}, ${golden.fields} fields` })))(
  '$title',
  ({ golden }) => {
    const command = commandOf(golden);
    const hex = golden.pdu.toString('hex');

    it('decodes to the message', () => {
      const decoder = new PduDecoder(MSG_SERVER_FRAME_LIMIT);
      decoder.push(golden.pdu);
      const pdu = decoder.next();
      expect(pdu).toMatchObject({
        commandId: command.id,
        serviceId: command.serviceId,
        seqNum: golden.seqNum,
      });
      // A plain object: what is not on the wire must not be in the message either.
      expect({ ...decodeBody(command, pdu?.body as Buffer) }).toEqual(golden.message);
    });

    it('re-encodes byte for byte', () => {
      const decoded = decodeBody(command, golden.pdu.subarray(HEADER_LENGTH));
      expect(encodePdu(command, decoded, golden.seqNum).toString('hex')).toBe(hex);
      expect(encodePdu(command, golden.message, golden.seqNum).toString('hex')).toBe(hex);
    });
  },
);

const minimal = goldenPdus.filter(({ fields }) => fields === 'required');

describe.each(minimal)('a body of $command', (golden) => {
  const command = commandOf(golden);
  const fields = topLevelFields(golden.pdu.subarray(HEADER_LENGTH));
  const required = schema.fields.get(command.message)?.filter(({ label }) => label === 'required') ?? [];

  it('has the required fields and no others', () => {
    expect(fields.map(({ number }) => number)).toEqual(required.map(({ number }) => number));
  });

  it('does not decode without any one of them', () => {
    for (const { number, name } of required) {
      const body = Buffer.concat(fields.filter((field) => field.number !== number).map(({ bytes }) => bytes));
      expect(() => decodeBody(command, body), name).toThrow(BodyError);
    }
  });
});

it('a list does not decode when one record in it lacks a required field', () => {
  const users = goldenPdus.find(
    (g) => g.command === 'CID_BUDDY_LIST_ALL_USER_RESPONSE' && g.fields === 'all',
  );
  const body = users?.pdu.subarray(HEADER_LENGTH) as Buffer;
  const broken = Buffer.concat([body, Buffer.from('1a020801', 'hex')]); // a user_list entry with only user_id
  expect(() => decodeBody(commandOf(users as GoldenPdu), broken)).toThrow(BodyError);
});

/** Splits a body into its fields; only varints and length-delimited ones, as the schema has no others. */
function topLevelFields(body: Buffer): { number: number; bytes: Buffer }[] {
  const fields: { number: number; bytes: Buffer }[] = [];
  let position = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = body[position++] as number;
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  while (position < body.length) {
    const start = position;
    const tag = varint();
    const value = varint();
    if ((tag & 7) === 2) position += value;
    fields.push({ number: tag >>> 3, bytes: body.subarray(start, position) });
  }
  return fields;
}
