import { TeamTalkClient } from '@teamtalk/client';
import { type AnswerDifference, allowedDifferences } from './allowed.js';
import { type Answers, askAll, NumberMap } from './questions.js';

export interface AnsweringServer {
  host: string;
  port: number;
}

export interface AnswersOptions {
  old: AnsweringServer;
  new: AnsweringServer;
  /** people who told their passwords, or test accounts */
  users: readonly { name: string; password: string }[];
  /** Numbers of messages that the import changed, as in `NumberMap`. */
  changedNumbers?: ReadonlyMap<string, number>;
}

export interface AnswersComparison {
  /** answers that were compared */
  compared: number;
  /** how many differences there were of each allowed kind */
  allowed: Record<string, number>;
  /** the first hundred that are not allowed */
  differences: AnswerDifference[];
  /** all that are not allowed */
  unexplained: number;
}

const maxSamples = 100;
const nothing = new NumberMap(new Map());

/**
 * Asks both servers, as each of the users, what clients ask after a login, and compares the decoded answers. The users are
 * logged in for that moment: their other PC clients are kicked.
 *
 * @throws ClientError where a server cannot be reached, or one lets a user in and the other does not
 */
export async function compareAnswers(options: AnswersOptions): Promise<AnswersComparison> {
  const result: AnswersComparison = { compared: 0, allowed: {}, differences: [], unexplained: 0 };
  const changes = new NumberMap(options.changedNumbers ?? new Map());
  for (const user of options.users) {
    const [old, ours] = await Promise.all([
      answersOf(options.old, user, changes),
      answersOf(options.new, user, nothing),
    ]);
    for (const question of new Set([...old.keys(), ...ours.keys()])) {
      result.compared++;
      for (const difference of differencesOf(user.name, question, old.get(question), ours.get(question))) {
        const allowance = allowedDifferences.find(({ covers }) => covers(difference));
        if (allowance) result.allowed[allowance.name] = (result.allowed[allowance.name] ?? 0) + 1;
        else {
          result.unexplained++;
          if (result.differences.length < maxSamples) result.differences.push(difference);
        }
      }
    }
  }
  return result;
}

async function answersOf(
  { host, port }: AnsweringServer,
  user: { name: string; password: string },
  numbers: NumberMap,
): Promise<Answers> {
  const client = new TeamTalkClient({ host, port, reconnect: false });
  try {
    await client.login(user);
    return await askAll(client, numbers);
  } finally {
    await client.close();
  }
}

function* differencesOf(
  user: string,
  question: string,
  old: unknown,
  ours: unknown,
  path: readonly string[] = [],
): Generator<AnswerDifference> {
  if (isTree(old) && isTree(ours)) {
    for (const name of new Set([...Object.keys(old), ...Object.keys(ours)])) {
      yield* differencesOf(user, question, old[name], ours[name], [...path, name]);
    }
  } else if (old !== ours) yield { user, question, path: path.join('.'), old, new: ours };
}

function isTree(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
