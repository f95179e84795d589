import { StorageError } from '@teamtalk/blob-store';
import multer from 'multer';

/** Why an upload is refused. */
export interface Refusal {
  status: number;
  code: number;
  text: string;
}

/** The numbers are those of the HTTP API; the texts are for a person. */
export const refusals = {
  noFile: { status: 400, code: 1, text: '没有文件' },
  badForm: { status: 400, code: 1, text: '参数错误' },
  empty: { status: 400, code: 1, text: '文件为空' },
  tooLarge: { status: 413, code: 1, text: '文件过大' },
  tooSlow: { status: 408, code: 1, text: '上传超时' },
  notAllowed: { status: 401, code: 5, text: '未授权' },
  tooMany: { status: 503, code: 9, text: '服务器繁忙' },
  noSpace: { status: 507, code: 9, text: '存储空间不足' },
  failed: { status: 503, code: 9, text: '服务器异常' },
} satisfies Record<string, Refusal>;

/** What was uploaded has no content. */
export class EmptyFile extends Error {}

/** The refusal for what went wrong; undefined when the client has gone away in the middle. */
export function refusalFor(error: unknown): Refusal | undefined {
  if (error instanceof EmptyFile) return refusals.empty;
  if (error instanceof multer.MulterError) {
    return error.code === 'LIMIT_FILE_SIZE' ? refusals.tooLarge : refusals.badForm;
  }
  if (!(error instanceof StorageError)) return refusals.badForm;
  if (error.code === 'too-large') return refusals.tooLarge;
  if (error.code === 'source-failed') return refusals.badForm;
  return error.code === 'no-space' ? refusals.noSpace : refusals.failed;
}
