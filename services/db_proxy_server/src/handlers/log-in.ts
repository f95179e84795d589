import { accounts, type RpcStream, spanOf, type teamtalk } from '@teamtalk/rpc';
import { type Kit, TeamTalkError } from '@teamtalk/service-kit';

type Results = teamtalk.db.LoginResults.$Properties;
type Check = (request: teamtalk.db.LoginRequest) => Promise<teamtalk.db.LoginReply.$Properties>;

/** Logins of one caller that are being checked; beyond it his stream is not read. */
const maxPending = 5_000;

/** Accounts.LogIn: checks logins as they come; results that are there in one turn leave in one frame. */
export function logIn(kit: Kit, check: Check) {
  const { tracing } = kit;
  const span = spanOf(accounts.logIn, 'server');

  return (stream: RpcStream<teamtalk.db.LoginFrame, Results>): void => {
    let results: NonNullable<Results['results']> = [];
    let pending = 0;
    let paused = false;

    const flush = () => {
      const frame = results;
      results = [];
      stream.write({ results: frame });
    };
    const decide = async (entry: teamtalk.db.LoginEntry) => {
      const { ticket, request } = entry;
      pending++;
      let reply: teamtalk.db.LoginReply.$Properties | undefined;
      try {
        const work = () => check(request as teamtalk.db.LoginRequest);
        if (request) reply = await (tracing ? tracing.resume(span, entryCarrier(entry), work) : work());
      } catch (error) {
        // Too many at a time and the like are counted where they are found.
        if (!(error instanceof TeamTalkError)) kit.log.error({ err: error }, 'a login could not be checked');
      }
      pending--;
      if (results.length === 0) setImmediate(flush);
      results.push({ ticket, reply });
      if (paused && pending < maxPending / 2) {
        paused = false;
        stream.resume();
      }
    };

    stream.onData(({ entries }) => {
      for (const entry of entries ?? []) void decide(entry as teamtalk.db.LoginEntry);
      if (pending >= maxPending && !paused) {
        paused = true;
        stream.pause();
      }
    });
  };
}

/** The caller's span, as it came with the login. */
function entryCarrier({ traceparent, tracestate }: teamtalk.db.LoginEntry) {
  return { traceparent, ...(tracestate && { tracestate }) };
}
