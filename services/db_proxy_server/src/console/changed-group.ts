import type { consoleApi } from '@teamtalk/rpc';
import type { ChangedGroup } from '../groups/departures.js';

export function toWireChange({
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
