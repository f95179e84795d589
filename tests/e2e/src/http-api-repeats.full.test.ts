import { TestCluster } from '@teamtalk/cluster';
import type { ServiceName } from '@teamtalk/local-stack';
import { afterAll, beforeAll, expect, it } from 'vitest';

const count = 60;

let cluster: TestCluster;
let ids: Record<'ann' | 'ben', number>;

beforeAll(async () => {
  cluster = await TestCluster.start({ mode: 'processes', db_proxy_server: 2, http_msg_server: 2 });
  ids = await cluster.addUsers(['ann', 'ben']);
});
afterAll(() => cluster?.stop());

/** @returns the answer; undefined when there was none, or one that says to try again */
async function post(server: number, path: string, body: object): Promise<string | undefined> {
  try {
    const response = await fetch(`${cluster.url('http_msg_server', server)}/query/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    });
    const text = await response.text();
    return text.startsWith('{"error_code":9,') ? undefined : text;
  } catch {
    return undefined;
  }
}

/** Repeats each call, at the two servers in turn, until it has an answer; kills one server when half the calls have theirs. */
async function untilAnswered(
  path: string,
  bodyOf: (i: number) => object,
  victim: ServiceName,
): Promise<{ answers: string[]; again: number }> {
  let again = 0;
  let answered = 0;
  let killed: Promise<void> | undefined;
  const one = async (i: number): Promise<string> => {
    for (let server = 0; ; server = 1 - server) {
      const answer = await post(server, path, bodyOf(i));
      if (answer !== undefined) {
        answered++;
        if (answered === count / 3) killed = cluster.kill(victim, 0);
        return answer;
      }
      again++;
    }
  };
  const lines = Array.from({ length: 6 }, async (_, line) => {
    const answers: string[] = [];
    for (let i = line; i < count; i += 6) answers.push(await one(i));
    return answers;
  });
  const answers = (await Promise.all(lines)).flat();
  await killed;
  await cluster.restart(victim, 0);
  return { answers, again };
}

it.for(['http_msg_server', 'db_proxy_server'] as const satisfies ServiceName[])(
  'kill -9 of a %s: messages, and groups, that are sent again with their keys are there once',
  { timeout: 120_000 },
  async (victim, { annotate }) => {
    const message = (i: number) => ({
      from_user_id: ids.ann,
      session_id: ids.ben,
      msg: `${victim} ${i}`,
      id: `${victim} ${i}`,
    });
    const before = await rows('message');
    const sent = await untilAnswered('SendSingleMessage', message, victim);
    const messageIds = sent.answers.map((answer) => JSON.parse(answer).msg_id);
    expect(new Set(messageIds).size).toBe(count);
    expect((await rows('message')) - before).toBe(count);
    // The other server gives each call the same answer.
    for (let i = 0; i < count; i += 20) {
      const [first, second] = [
        await post(0, 'SendSingleMessage', message(i)),
        await post(1, 'SendSingleMessage', message(i)),
      ];
      expect(first).toBe(second);
      expect(messageIds).toContain(JSON.parse(first as string).msg_id);
    }

    const group = (i: number) => ({
      req_user_id: ids.ann,
      group_name: 'g',
      user_id_list: [ids.ben],
      id: `${victim} ${i}`,
    });
    const groupsBefore = await rows('chat_group');
    const made = await untilAnswered('CreateGroup', group, victim);
    expect(new Set(made.answers).size).toBe(count);
    expect((await rows('chat_group')) - groupsBefore).toBe(count);
    await annotate(`${sent.again} messages and ${made.again} groups were asked for again`);
  },
);

async function rows(table: 'message' | 'chat_group'): Promise<number> {
  const [row] = await cluster.sql<{ count: number }>(`SELECT count(*)::int AS count FROM ${table}`);
  return row?.count ?? 0;
}
