import { TeamTalkClient } from '@teamtalk/client';
import { type AnswerDifference, allowedDifferences } from './allowed.js';
import { type Answers, askAll, sessionOf } from './questions.js';

export interface AnsweringServer {
  host: string;
  port: number;
}

export interface AnswersOptions {
  old: AnsweringServer;
  new: AnsweringServer;
  users: readonly AskingUser[];
  /** after each user */
  onUser?(): void;
}

/** Somebody who told their password, or a test account. */
export interface AskingUser {
  name: string;
  password: string;
  /** `sessionOf` conversations whose messages got other numbers with the import */
  renumbered?: ReadonlySet<string>;
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

/**
 * Asks both servers, as each of the users, what clients ask after a login, and compares the decoded answers. The users are
 * logged in for that moment: their other PC clients are kicked.
 *
 * @throws ClientError where a server cannot be reached, or one lets a user in and the other does not
 */
export async function compareAnswers(options: AnswersOptions): Promise<AnswersComparison> {
  const result: AnswersComparison = { compared: 0, allowed: {}, differences: [], unexplained: 0 };
  for (const user of options.users) {
    const [old, ours] = await Promise.all([answersOf(options.old, user), answersOf(options.new, user)]);
    for (const question of new Set([...old.keys(), ...ours.keys()])) {
      result.compared++;
      for (const difference of differencesOf(user, question, old.get(question), ours.get(question))) {
        const allowance = allowedDifferences.find(({ covers }) => covers(difference));
        if (allowance) result.allowed[allowance.name] = (result.allowed[allowance.name] ?? 0) + 1;
        else {
          result.unexplained++;
          if (result.differences.length < maxSamples) result.differences.push(difference);
        }
      }
    }
    options.onUser?.();
  }
  return result;
}

async function answersOf({ host, port }: AnsweringServer, { name, password }: AskingUser): Promise<Answers> {
  const client = new TeamTalkClient({ host, port, reconnect: false });
  try {
    await client.login({ name, password });
    return await askAll(client);
  } finally {
    await client.close();
  }
}

function* differencesOf(
  user: AskingUser,
  question: string,
  old: unknown,
  ours: unknown,
  path: readonly string[] = [],
): Generator<AnswerDifference> {
  if (isTree(old) && isTree(ours)) {
    for (const name of new Set([...Object.keys(old), ...Object.keys(ours)])) {
      yield* differencesOf(user, question, old[name], ours[name], [...path, name]);
    }
  } else if (old !== ours) {
    const place = path.join('.');
    const isRenumbered = user.renumbered?.has(sessionOf(question, place) ?? '') ?? false;
    yield { user: user.name, question, path: place, old, new: ours, isRenumbered };
  }
}

function isTree(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
