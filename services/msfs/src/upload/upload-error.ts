import { StorageError } from '@teamtalk/blob-store';
import multer from 'multer';
import { type Refusal, refusals } from '../http/refusals.js';

/** The uploaded file is empty. */
export class EmptyFile extends Error {}

/** Maps an error to a refusal. */
export function refusalFor(error: unknown): Refusal {
  if (error instanceof EmptyFile) return refusals.empty;
  if (error instanceof multer.MulterError) {
    return error.code === 'LIMIT_FILE_SIZE' ? refusals.tooLarge : refusals.badRequest;
  }
  if (!(error instanceof StorageError)) return refusals.badRequest;
  if (error.code === 'too-large') return refusals.tooLarge;
  if (error.code === 'source-failed') return refusals.badRequest;
  return error.code === 'no-space' ? refusals.noSpace : refusals.failed;
}
