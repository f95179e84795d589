import type { consoleApi } from '@teamtalk/rpc';
import type { ChangedGroup } from '../groups/departures.js';

/** A changed group as a console.proto message. */
export function toChangedGroup({
  groupId,
  version,
  current,
  added,
  removed,
  newOwner,
}: ChangedGroup): consoleApi.console.ChangedGroup.$Properties {
  return {
    groupId,
    version,
    currentIds: current,
    addedIds: added,
    removedIds: removed,
    newOwnerId: newOwner,
  };
}
