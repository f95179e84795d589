import protobuf from 'protobufjs/minimal.js';
import { describe, expect, it } from 'vitest';
import { Commands } from './command-table.js';
import { limitList } from './list-limit.js';
import { decodeBody, encodePdu } from './pdu.js';

const ids = { field: 2, isNumbers: true };
const command = Commands.BuddyListUsersStatusRequest;

function bodyOf(userIdList: number[], attachData = new Uint8Array(0)): Buffer {
  return encodePdu(command, { userId: 7, userIdList, attachData }, 1).subarray(16);
}

function limited(body: Uint8Array, max: number): number[] {
  return decodeBody(command, limitList(body, ids, max)).userIdList;
}

/** As clients that pack numbers write it. */
function packed(...lists: number[][]): Uint8Array {
  const writer = protobuf.Writer.create().uint32(8).uint32(7);
  for (const list of lists) {
    writer.uint32(18).fork();
    for (const id of list) writer.uint32(id);
    writer.ldelim();
  }
  return writer.finish();
}

describe('limitList', () => {
  it('leaves a body with no more entries as it is', () => {
    const body = bodyOf([1, 300, 70_000]);
    expect(limitList(body, ids, 3)).toBe(body);
    expect(limitList(body, ids, 1_000)).toBe(body);
    expect(limitList(packed([1, 300, 70_000]), ids, 3)).toHaveLength(10);
  });

  it('keeps the first entries and all other fields, whatever comes behind', () => {
    const body = bodyOf([1, 300, 70_000, 4], Buffer.from('more'));
    for (let max = 0; max < 4; max++) {
      expect(limited(body, max)).toEqual([1, 300, 70_000, 4].slice(0, max));
    }
    const message = decodeBody(command, limitList(body, ids, 2));
    expect(message).toMatchObject({ userId: 7, attachData: Buffer.from('more') });
  });

  it('cuts packed lists, also several of them', () => {
    for (let max = 0; max < 6; max++) {
      expect(limited(packed([1, 300], [70_000, 4, 5], [], [6]), max)).toEqual(
        [1, 300, 70_000, 4, 5, 6].slice(0, max),
      );
    }
  });

  it('cuts lists of messages', () => {
    const groupVersionList = Array.from({ length: 5 }, (_, i) => ({ groupId: i, version: i }));
    const body = encodePdu(Commands.GroupInfoRequest, { userId: 7, groupVersionList }, 1).subarray(16);
    const cut = limitList(body, { field: 2, isNumbers: false }, 2);
    expect(decodeBody(Commands.GroupInfoRequest, cut).groupVersionList).toMatchObject(
      groupVersionList.slice(0, 2),
    );
  });

  it('leaves what is not well-formed to the decoder', () => {
    const body = bodyOf([1, 300, 70_000, 4]);
    for (const bad of [body.subarray(0, -1), Buffer.concat([body, Buffer.from([0xff])])]) {
      expect(limitList(bad, ids, 2)).toBe(bad);
      expect(() => decodeBody(command, bad)).toThrow();
    }
    const unending = Buffer.alloc(100, 0xff);
    expect(limitList(unending, ids, 2)).toBe(unending);
    const beyond = Buffer.from([18, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2, 3]);
    expect(limitList(beyond, ids, 2)).toBe(beyond);
  });

  it('decodes to the first entries for any bodies', () => {
    let seed = 1;
    const random = (below: number) => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    for (let round = 0; round < 2_000; round++) {
      const writer = protobuf.Writer.create().uint32(8).uint32(7);
      for (let k = random(12); k > 0; k--) {
        const list = Array.from({ length: random(4) }, () => random(2 ** 31));
        if (random(3) === 0) writer.uint32((9 << 3) | 2).bytes(Buffer.alloc(random(20)));
        else if (random(2) === 0) for (const id of list) writer.uint32(16).uint32(id);
        else {
          writer.uint32(18).fork();
          for (const id of list) writer.uint32(id);
          writer.ldelim();
        }
      }
      const body = writer.finish();
      const max = random(8);
      expect(limited(body, max)).toEqual(decodeBody(command, body).userIdList.slice(0, max));
    }
  });
});
