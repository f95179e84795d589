import { httpApi } from '@teamtalk/rpc';
import { Problem } from './problem.js';
import { Refusal } from './refusal.js';
import type { RefusalCode } from './refusals.js';

const { SAVED, SAVE_CHANGED, SAVE_CONFLICT, SAVE_NOT_FOUND } = httpApi.api.SaveResult;

/**
 * Returns the id from a successful reply.
 * @param what the kind of object, for error texts
 * @param conflict code for a conflict; undefined: there can be none
 * @throws Problem when it was not saved
 */
export function savedId({ result, id }: httpApi.api.SaveReply, what: string, conflict?: RefusalCode): number {
  if (result === SAVED) return id;
  if (result === SAVE_NOT_FOUND) throw new Problem('not-found', `there is no such ${what}`);
  if (result === SAVE_CHANGED) throw new Refusal('changed-meanwhile');
  if (result === SAVE_CONFLICT) throw conflict ? new Refusal(conflict) : new Problem('conflict');
  throw new Refusal('wrong-department');
}
