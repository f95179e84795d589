import { IM } from '@teamtalk/protocol';
import type { traceApi } from '@teamtalk/rpc';
import { busConfig, busEnv, readEnv, rpcEnv, rpcTls, traceHalves } from '@teamtalk/service-kit';
import { Failure } from '../failure.js';
import { withNats } from '../installation.js';
import { print, printJson } from '../output.js';
import { Tracer } from './message-trace.js';
import { reportOf } from './report.js';
import type { TracedConversation } from './target.js';

const { SESSION_TYPE_SINGLE, SESSION_TYPE_GROUP } = IM.BaseDefine.SessionType;

export interface TraceOptions {
  conversation?: TracedConversation;
  msgId?: number;
  /** seconds */
  within: number;
  dbProxy?: { host: string; port: number };
  url?: string;
  json?: boolean;
}

/** Prints the trace of one message. @throws Failure when it is not found */
export async function trace(id: string | undefined, options: TraceOptions): Promise<void> {
  const request = requestFor(id, options);
  const values = readEnv({ ...busEnv, ...rpcEnv }, withNats(process.env));
  const { dbProxy } = options;
  const tracer = await Tracer.open({
    bus: busConfig(values),
    rpcTls: rpcTls(values),
    dbProxy: dbProxy && `${dbProxy.host.includes(':') ? `[${dbProxy.host}]` : dbProxy.host}:${dbProxy.port}`,
  });
  try {
    const way = await tracer.wayOf(request);
    if (!way) throw new Failure(notFound(id, options));
    const template = options.url ?? process.env.TEAMTALK_TRACE_URL;
    const url = way.otel_trace ? template?.replaceAll('{trace}', way.otel_trace) : undefined;
    if (options.json) printJson({ ...way, url: url ?? null });
    else print(reportOf(way, url).join('\n'));
  } finally {
    await tracer.close();
  }
}

/** @throws Failure when the words do not name one message */
function requestFor(id: string | undefined, { conversation: place, msgId, within }: TraceOptions) {
  if (msgId !== undefined && !place) throw new Failure('--msg-id needs --conversation');
  if (id && msgId !== undefined) throw new Failure('a trace id or --msg-id, not both');
  if (!id && (msgId === undefined || !place)) {
    throw new Failure('which message? A trace id, or --conversation and --msg-id');
  }
  const origin = id === undefined ? undefined : traceHalves(id);
  return {
    ...(place ? conversationKey(place) : { sessionType: 0 }),
    msgId: msgId ?? 0,
    ...(origin && {
      originInstance: origin.instance,
      originRequestId: origin.requestId,
      withinSeconds: within,
    }),
  };
}

/** A conversation as the store is asked for it. */
function conversationKey(
  place: TracedConversation,
): Pick<traceApi.trace.FindMessageRequest, 'sessionType' | 'userId' | 'sessionId'> {
  if ('group' in place) return { sessionType: SESSION_TYPE_GROUP, userId: 0, sessionId: place.group };
  return { sessionType: SESSION_TYPE_SINGLE, userId: place.user, sessionId: place.peer };
}

function notFound(id: string | undefined, { conversation: place, within }: TraceOptions): string {
  if (!id) return 'there is no such message: the conversation has none of this number';
  if (place) return 'none of the conversation’s newest 100,000 messages has this trace id';
  return (
    `no message with this trace id among the newest 200 of each conversation that had one in the last ${within} seconds: ` +
    'give a longer --within, or the --conversation'
  );
}
