import { httpApi } from '@teamtalk/rpc';
import { Problem } from './problem.js';

const { SAVED, SAVE_CONFLICT, SAVE_NOT_FOUND } = httpApi.api.SaveResult;

/**
 * Returns the id from a successful reply.
 * @param what the kind of object, for error texts
 * @param conflict error text for a conflict
 * @throws Problem when it was not saved
 */
export function savedId({ result, id }: httpApi.api.SaveReply, what: string, conflict: string): number {
  if (result === SAVED) return id;
  if (result === SAVE_NOT_FOUND) throw new Problem('not-found', `there is no such ${what}`);
  if (result === SAVE_CONFLICT) throw new Problem('conflict', conflict);
  throw new Problem('not-possible', 'there is no such department, or it would become its own descendant');
}
