import { type Command, InvalidArgumentError, Option } from 'commander';
import { hostAndPort, wholeNumber } from '../arguments.js';
import type { TraceOptions } from '../trace/run.js';
import { conversation, duration, messageTrace } from '../trace/target.js';

const maxId = 0x7fff_ffff;

/** `teamtalk trace` */
export function define(command: Command): void {
  command
    .argument('[trace id]', '16 digits, from a log or the header X-Trace-Id', messageTrace)
    .option('--conversation <name>', 'p2p:USER:USER or group:GROUP', conversation)
    .option('--msg-id <n>', 'its number in the conversation', wholeNumber(1, maxId))
    .addOption(
      new Option(
        '--within <time>',
        'how far back to search for a trace id without --conversation, such as 30s or 24h',
      )
        .argParser(duration)
        .default(600, '10m'),
    )
    .option(
      '--db-proxy <host:port>',
      'ask this db_proxy_server instead of those found over NATS',
      hostAndPort,
    )
    .option(
      '--url <template>',
      'where traces are shown, with {trace} for the id; default: TEAMTALK_TRACE_URL',
      traceUrl,
    )
    .option('--json', 'print one JSON object')
    .action(async (id: string | undefined, options: TraceOptions) => {
      const { trace } = await import('../trace/run.js');
      await trace(id, options);
    });
}

function traceUrl(text: string): string {
  if (text.includes('{trace}') && URL.canParse(text)) return text;
  throw new InvalidArgumentError(
    'must be a URL with {trace} in it, such as http://127.0.0.1:16686/trace/{trace}',
  );
}
