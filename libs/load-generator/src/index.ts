// The load generator for the client protocol and the HTTP API, with a mode for each kind of load, and the ledger of
// sent and delivered messages that the fault tests use, too.
export { clock, type Endpoint, LoadConnection, type Traffic } from './connection.js';
export { Latency } from './latency.js';
export { BitSet } from './ledger/bit-set.js';
export { Conversation } from './ledger/conversation.js';
export { Findings, type SentMessage, StoredMessages } from './ledger/judgement.js';
export { Ledger, type Violations } from './ledger/ledger.js';
export { Measurement } from './measurement.js';
export { MessageFrame, Receipts } from './message-frames.js';
export { runDirectory } from './modes/directory.js';
export { runEcho } from './modes/echo.js';
export { runGroup } from './modes/group.js';
export { runIdle } from './modes/idle.js';
export { runLogin } from './modes/login.js';
export { runP2p } from './modes/p2p.js';
export { runBroadcast, runPush } from './modes/push.js';
export { runRead } from './modes/read.js';
export { relayTaskId, runRelay } from './modes/relay.js';
export { runStorm } from './modes/storm.js';
export type { LoadOptions } from './options.js';
export { Pacer } from './pacer.js';
export { descriptorLimit, emptyCounts, otherDescriptors } from './pool.js';
export { type UsageDifference, UsageWatch, usageBetween, type WatchedProcess } from './process-usage.js';
export { type LoadResult, problemsOf } from './result.js';
export { describeResult } from './text-report.js';
export { Id, MessageReader, readAck, readIndex } from './wire.js';
