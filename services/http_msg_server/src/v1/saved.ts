import { httpApi } from '@teamtalk/rpc';
import { Problem } from './problem.js';

const { SAVED, SAVE_CONFLICT, SAVE_NOT_FOUND } = httpApi.api.SaveResult;

/**
 * The id of what was saved.
 * @param what it is, for the caller to read
 * @param conflict why it could not be done when something stands against it
 * @throws Problem when it was not saved
 */
export function savedId({ result, id }: httpApi.api.SaveReply, what: string, conflict: string): number {
  if (result === SAVED) return id;
  if (result === SAVE_NOT_FOUND) throw new Problem('not-found', `there is no such ${what}`);
  if (result === SAVE_CONFLICT) throw new Problem('conflict', conflict);
  throw new Problem('not-possible', 'there is no such department, or it would be below itself');
}
