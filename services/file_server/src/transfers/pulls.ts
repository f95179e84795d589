import { IM } from '@teamtalk/protocol';
import { blockBytes, type Line, type PullRequest } from './participant.js';

const {
  FILE_SERVER_ERRNO_PULL_DATA_WITH_INVALID_TASK_ID,
  FILE_SERVER_ERRNO_PULL_DATA_ILLIEAGE_USER,
  FILE_SERVER_ERRNO_PULL_DATA_READ_FILE_HEADER_ERROR,
  FILE_SERVER_ERRNO_PULL_DATA_SEEK_OFFSET_ERROR,
  FILE_SERVER_ERRNO_PULL_DATA_FINISHED,
} = IM.BaseDefine.FileServerError;

/** The `result_code` of a 0x0505 without data. */
export const pullErrors = {
  wrongTask: FILE_SERVER_ERRNO_PULL_DATA_WITH_INVALID_TASK_ID,
  wrongRole: FILE_SERVER_ERRNO_PULL_DATA_ILLIEAGE_USER,
  unreadable: FILE_SERVER_ERRNO_PULL_DATA_READ_FILE_HEADER_ERROR,
  badRange: FILE_SERVER_ERRNO_PULL_DATA_SEEK_OFFSET_ERROR,
  finished: FILE_SERVER_ERRNO_PULL_DATA_FINISHED,
} as const;

/** The largest accepted pull, bytes; more than Windows requests. */
const maxAsked = 2 * blockBytes;

/** A requested range of the file. */
export interface Pull {
  offset: number;
  /** bytes; 0 only of an empty file */
  size: number;
  /** sequence number of the response */
  seqNum: number;
}

/**
 * The range a pull yields: at most a block (Windows requests 34 or 40 KiB, gets 32 as from the original, and continues
 * from there), cut at the end of the file.
 * @returns an error of `pullErrors` when the pull cannot be served
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

/** Answers a pull that cannot be served, and closes: the two sides are out of step then. */
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
