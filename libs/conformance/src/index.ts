/**
 * The conformance suite: what any TeamTalk server must do, shown from outside, on its sockets. Knows no
 * service of this project, so that it can be pointed at any.
 *
 *     const results = await runConformance({ servers: [{ host, port }], users, password });
 *     console.log(textTable(results));
 */
export { block, FilePeer, Role } from './file-peer.js';
export { Peer } from './peer.js';
export type { ClientName } from './profiles.js';
export { type CaseResult, type ConformanceOptions, runConformance } from './runner.js';
export { jsonResults, legacyReport, markdownTable, summary, textTable } from './table.js';
export { passwordDigest } from './target.js';
