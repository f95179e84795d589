import { httpApi } from '@teamtalk/rpc';
import type { SaveOutcome } from './changes.js';

const { SAVED, SAVE_CHANGED, SAVE_CONFLICT, SAVE_NOT_FOUND, SAVE_UNKNOWN_DEPARTMENT } =
  httpApi.api.SaveResult;

const results = {
  'not-found': SAVE_NOT_FOUND,
  conflict: SAVE_CONFLICT,
  'unknown-department': SAVE_UNKNOWN_DEPARTMENT,
  changed: SAVE_CHANGED,
} as const;

export function toSaveReply(outcome: SaveOutcome): httpApi.api.SaveReply.$Properties {
  if (outcome.result === 'saved') return { result: SAVED, id: outcome.id };
  return { result: results[outcome.result] };
}
