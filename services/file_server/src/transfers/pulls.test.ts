import { expect, it } from 'vitest';
import { checkPull, pullErrors } from './pulls.js';

/** The largest possible file, 4 GiB - 1: sizes and offsets are uint32 in the protocol. */
const largest = 0xffff_ffff;
const block = 32_768;

it.each([
  ['the beginning', 0, block, block],
  ['a block across the sign bit of 32-bit integers', 0x7fff_ff00, block, block],
  ['a block behind it', 0x8000_0000, block, block],
  ['the last whole block', 0xffff_0000, block, block],
  ['the rest, which is one byte short of a block', 0xffff_8000, block, block - 1],
  ['the last byte', 0xffff_fffe, block, 1],
  ['a block of what Windows asks for', 0, 34 * 1024, block],
  ['a block of what older Windows asks for', block, 40 * 1024, block],
])('in the largest file %s can be pulled', (_, offset, dataSize, size) => {
  expect(checkPull({ offset, dataSize }, 7, largest)).toEqual({ offset, size, seqNum: 7 });
});

it.each([
  ['at its end', largest, largest, 1, pullErrors.finished],
  ['with a size that would wrap around', largest, 0xffff_fffe, 0xffff_ffff, pullErrors.badRange],
  ['beyond a file of 2 GiB', 0x8000_0000, 0x8000_0001, 1, pullErrors.badRange],
  ['at the end of a file of 2 GiB', 0x8000_0000, 0x8000_0000, 1, pullErrors.finished],
])('nothing can be pulled %s', (_, fileSize, offset, dataSize, error) => {
  expect(checkPull({ offset, dataSize }, 7, fileSize)).toBe(error);
});
