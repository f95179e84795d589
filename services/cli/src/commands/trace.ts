import { busConfig, busEnv, readEnv, rpcEnv, rpcTls } from '@teamtalk/service-kit';
import { type Command, InvalidArgumentError } from 'commander';
import { hostAndPort, wholeNumber } from '../arguments.js';
import { Failure } from '../failure.js';
import { natsUrl } from '../installation.js';
import { print } from '../output.js';
import { Tracer } from '../trace/message-trace.js';
import { reportOf } from '../trace/report.js';
import {
  type Conversation,
  conversation,
  duration,
  messageTrace,
  type TraceHalves,
} from '../trace/target.js';

interface Options {
  conversation?: Conversation;
  msgId?: number;
  within: number;
  dbProxy?: { host: string; port: number };
  url?: string;
  json?: boolean;
}

const maxId = 0x7fff_ffff;

/** `teamtalk trace` */
export function register(program: Command): void {
  program
    .command('trace')
    .description('Show the way of one message: who took it in, when it was stored, who has it')
    .argument('[trace id]', 'its 16 digits, from a log or the header X-Trace-Id', messageTrace)
    .option('--conversation <name>', 'p2p:USER:USER or group:GROUP', conversation)
    .option('--msg-id <n>', 'its number in the conversation', wholeNumber(1, maxId))
    .option(
      '--within <time>',
      'how far back conversations are searched for a trace id without --conversation',
      duration,
      600,
    )
    .option(
      '--db-proxy <host:port>',
      'ask this db_proxy_server, not those that announce themselves',
      hostAndPort,
    )
    .option(
      '--url <template>',
      'where traces are looked at, with {trace} for the id; default: TEAMTALK_TRACE_URL',
      traceUrl,
    )
    .option('--json', 'print one JSON object')
    .action(show);
}

function traceUrl(text: string): string {
  if (text.includes('{trace}') && URL.canParse(text)) return text;
  throw new InvalidArgumentError(
    'must be a URL with {trace} in it, such as http://127.0.0.1:16686/trace/{trace}',
  );
}

async function show(trace: TraceHalves | undefined, options: Options): Promise<void> {
  const request = requestFor(trace, options);
  const values = readEnv({ ...busEnv, ...rpcEnv }, { ...process.env, NATS_URL: natsUrl(process.env) });
  const { dbProxy } = options;
  const tracer = await Tracer.open({
    bus: busConfig(values),
    rpcTls: rpcTls(values),
    dbProxy: dbProxy && `${dbProxy.host.includes(':') ? `[${dbProxy.host}]` : dbProxy.host}:${dbProxy.port}`,
  });
  try {
    const way = await tracer.wayOf(request);
    if (!way) throw new Failure(notFound(trace, options));
    const template = options.url ?? process.env.TEAMTALK_TRACE_URL;
    const url = way.otel_trace ? template?.replaceAll('{trace}', way.otel_trace) : undefined;
    if (options.json) print(JSON.stringify({ ...way, url: url ?? null }));
    else print(reportOf(way, url).join('\n'));
  } finally {
    await tracer.close();
  }
}

/** @throws Failure when the words do not name one message */
function requestFor(trace: TraceHalves | undefined, { conversation: place, msgId, within }: Options) {
  if (msgId !== undefined && !place) throw new Failure('--msg-id needs --conversation');
  if (trace && msgId !== undefined) throw new Failure('a trace id or --msg-id, not both');
  if (!trace && (msgId === undefined || !place)) {
    throw new Failure('which message? A trace id, or --conversation and --msg-id');
  }
  return {
    ...(place ?? { sessionType: 0 }),
    msgId: msgId ?? 0,
    ...(trace && { originInstance: trace.instance, originRequestId: trace.requestId, withinSeconds: within }),
  };
}

function notFound(trace: TraceHalves | undefined, { conversation: place, within }: Options): string {
  if (!trace) return 'there is no such message: the conversation has none of this number';
  if (place) return 'none of the conversation’s newest 100,000 messages has this trace id';
  return (
    `no message with this trace id among the newest 200 of each conversation that had one in the last ${within} seconds: ` +
    'give a longer --within, or the --conversation'
  );
}
