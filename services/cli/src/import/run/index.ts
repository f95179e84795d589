export { legacyPlaces } from '../places.js';
export { duration } from '../progress.js';
export { compareServers } from './compare-answers.js';
export { runCutover } from './cutover.js';
export { followOldServers } from './follow.js';
export { runRollback } from './rollback.js';
export { withBothSides, withTarget } from './session.js';
export { copy, inspect, verifyImport, writeReport } from './steps.js';
