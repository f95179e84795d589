import { accounts, BatchedReplies, type RpcStream, spanOf, type teamtalk } from '@teamtalk/rpc';
import { type Kit, TeamTalkError } from '@teamtalk/service-kit';

type Results = teamtalk.db.LoginResults.$Properties;
type Check = (request: teamtalk.db.LoginRequest) => Promise<teamtalk.db.LoginReply.$Properties>;

/** Logins of one caller in progress; beyond this limit its stream is not read. */
const maxPending = 5_000;

/** Accounts.LogIn: checks logins as they arrive; results of the same event-loop turn are sent in one frame. */
export function logIn(kit: Kit, check: Check) {
  const { tracing } = kit;
  const span = spanOf(accounts.logIn, 'server');

  return (stream: RpcStream<teamtalk.db.LoginFrame, Results>): void => {
    const answers = new BatchedReplies<teamtalk.db.LoginEntryResult.$Properties>(stream, maxPending);
    const decide = async (entry: teamtalk.db.LoginEntry) => {
      let reply: teamtalk.db.LoginReply.$Properties | undefined;
      try {
        const work = () => check(entry.request as teamtalk.db.LoginRequest);
        if (entry.request) reply = await (tracing ? tracing.resume(span, carrierOf(entry), work) : work());
      } catch (error) {
        // No reply: the caller times out and counts it.
        if (!(error instanceof TeamTalkError)) kit.log.error({ err: error }, 'login check failed');
      }
      answers.answer({ requestId: entry.requestId, reply });
    };

    stream.onData(({ entries }) => {
      for (const entry of (entries ?? []) as teamtalk.db.LoginEntry[]) {
        answers.expect();
        void decide(entry);
      }
    });
  };
}

/** The caller's trace context. */
function carrierOf({ traceparent, tracestate }: teamtalk.db.LoginEntry) {
  return { traceparent, ...(tracestate && { tracestate }) };
}
