export { PresenceSync, type PresenceSyncOptions } from './presence-sync.js';
export { type Effects, noEffects, PresenceTable, type Session } from './presence-table.js';
export { type NodePart, share } from './share.js';
