// What a measurement of an import needs, too.
export { TargetDatabase } from '../target/database.js';
export { workAsNewServers } from './new-servers.js';
