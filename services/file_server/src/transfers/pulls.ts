import { IM } from '@teamtalk/protocol';
import { blockBytes, type Line, type PullRequest } from './participant.js';

const {
  FILE_SERVER_ERRNO_PULL_DATA_WITH_INVALID_TASK_ID,
  FILE_SERVER_ERRNO_PULL_DATA_ILLIEAGE_USER,
  FILE_SERVER_ERRNO_PULL_DATA_READ_FILE_HEADER_ERROR,
  FILE_SERVER_ERRNO_PULL_DATA_SEEK_OFFSET_ERROR,
  FILE_SERVER_ERRNO_PULL_DATA_FINISHED,
} = IM.BaseDefine.FileServerError;

/** The `result_code` of a 0x0505 that brings no data. */
export const pullErrors = {
  wrongTask: FILE_SERVER_ERRNO_PULL_DATA_WITH_INVALID_TASK_ID,
  wrongRole: FILE_SERVER_ERRNO_PULL_DATA_ILLIEAGE_USER,
  unreadable: FILE_SERVER_ERRNO_PULL_DATA_READ_FILE_HEADER_ERROR,
  badRange: FILE_SERVER_ERRNO_PULL_DATA_SEEK_OFFSET_ERROR,
  finished: FILE_SERVER_ERRNO_PULL_DATA_FINISHED,
} as const;

/** The largest pull that is understood, bytes: above what Windows asks for. */
const maxAsked = 2 * blockBytes;

/** A stretch of the file that was asked for. */
export interface Pull {
  offset: number;
  /** bytes; 0 only of an empty file */
  size: number;
  /** what the answer has to bear */
  seqNum: number;
}

/**
 * What a pull really asks for: a block at most (Windows asks for 34 or 40 KiB, is given 32 as by the original, and goes
 * on from there); beyond the file's end there is nothing, so that the last block is cut.
 * @returns an error of `pullErrors` where nothing can be given
 */
export function checkPull(
  { offset, dataSize }: Pick<PullRequest, 'offset' | 'dataSize'>,
  seqNum: number,
  fileSize: number,
): Pull | number {
  if (fileSize === 0 && offset === 0 && dataSize <= maxAsked) return { offset, size: 0, seqNum };
  if (dataSize === 0 || dataSize > maxAsked || offset > fileSize) return pullErrors.badRange;
  if (offset === fileSize) return pullErrors.finished;
  return { offset, size: Math.min(dataSize, blockBytes, fileSize - offset), seqNum };
}

/** Answers a pull that nothing is given for, and closes: after that the two no longer understand one another. */
export function refusePull(
  line: Line,
  { offset }: Pick<PullRequest, 'offset'>,
  seqNum: number,
  resultCode: number,
  reason: 'bad_pull' | 'too_many_pulls' | 'wrong_role' | 'wrong_task' | 'read_failed' = 'bad_pull',
): void {
  line.send({ resultCode, userId: line.userId, offset, fileData: Buffer.alloc(0) }, seqNum);
  line.end(reason);
}
