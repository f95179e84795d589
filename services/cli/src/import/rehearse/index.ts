// Also used to measure imports.
export { TargetDatabase } from '../target/database.js';
export { workAsNewServers } from './new-servers.js';
