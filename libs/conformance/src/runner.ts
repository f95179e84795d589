import { Commands as C } from '@teamtalk/protocol';
import type { Case } from './case.js';
import { Peer, type User } from './peer.js';
import { conformanceCases } from './suite.js';
import { defaultDeadlineMs, defaultTextKey, passwordDigest, type Target } from './target.js';
import { type Role, roles, World } from './world.js';

export interface ConformanceOptions extends Partial<Target> {
  servers: Target['servers'];
  /** names; four of them work together, so eight run two cases at a time */
  users: readonly string[];
  /** of all users */
  password: string;
  /** only cases with this in their name, or in the name or number of one of their commands */
  filter?: string;
  /** called after each case */
  onResult?(result: CaseResult): void;
}

export interface CaseResult {
  readonly case: Case;
  readonly status: 'passed' | 'failed' | 'not run';
  /** why it failed, or what was not there to run it */
  readonly reason?: string;
  /** milliseconds */
  readonly duration: number;
}

/** Milliseconds a case may take in all. */
const caseDeadlineMs = 60_000;

/**
 * Runs the suite against an installation.
 * @returns a result for each case, in the suite's order
 * @throws Error when a user cannot log in, or there are fewer than four
 */
export async function runConformance(options: ConformanceOptions): Promise<CaseResult[]> {
  const target = targetOf(options);
  const crews = await prepareCrews(options, target);
  const cases = conformanceCases.filter((each) => fits(each, options.filter));
  const results = new Map<Case, CaseResult>();
  const queue = [...cases];
  const work = async (crew: Readonly<Record<Role, User>>) => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const result = await runCase(next, target, crew);
      results.set(next, result);
      options.onResult?.(result);
    }
  };
  await Promise.all(crews.map(work));
  return cases.map((each) => results.get(each)!);
}

function targetOf(options: ConformanceOptions): Target {
  return {
    ...options,
    deadlineMs: options.deadlineMs ?? defaultDeadlineMs,
    textKey: options.textKey ?? defaultTextKey,
  };
}

/** Whether a filter chooses a case. */
function fits({ name, commands, is, proves }: Case, filter = ''): boolean {
  const words = [
    name,
    ...is,
    ...proves,
    ...commands.flatMap((command) => [command.name, `0x${command.id.toString(16).padStart(4, '0')}`]),
  ];
  return words.some((word) => word.toLowerCase().includes(filter.toLowerCase()));
}

async function prepareCrews(
  { users, password }: ConformanceOptions,
  target: Target,
): Promise<Readonly<Record<Role, User>>[]> {
  if (new Set(users).size !== users.length || users.length < roles.length) {
    throw new Error(`the suite needs at least ${roles.length} different users`);
  }
  const passwordMd5 = passwordDigest(password);
  const crews: Record<Role, User>[] = [];
  for (let i = 0; i + roles.length <= users.length; i += roles.length) {
    const crew: Partial<Record<Role, User>> = {};
    for (const [k, role] of roles.entries()) {
      const name = users[i + k]!;
      crew[role] = { name, passwordMd5, id: await idOf(name, passwordMd5, target) };
    }
    crews.push(crew as Record<Role, User>);
  }
  return crews;
}

/** Logs a user in, to learn his id. */
async function idOf(name: string, passwordMd5: string, { servers, deadlineMs }: Target): Promise<number> {
  const peer = await Peer.open({ as: 'windows', label: name, address: servers[0]!, deadlineMs });
  try {
    const { resultCode, resultString, userInfo } = await peer.answer(
      C.LoginResUserlogin,
      peer.sendLogin({ name, passwordMd5 }),
    );
    if (resultCode !== 0 || !userInfo) throw new Error(`result ${resultCode} ${resultString}`);
    return userInfo.userId;
  } catch (error) {
    throw new Error(`${name} cannot log in: ${(error as Error).message}`, { cause: error });
  } finally {
    peer.wire.destroy();
  }
}

async function runCase(each: Case, target: Target, crew: Readonly<Record<Role, User>>): Promise<CaseResult> {
  const missing = each.needs.filter((need) => target[need] === undefined);
  if (missing.length > 0) {
    return { case: each, status: 'not run', reason: `needs ${missing.join(', ')}`, duration: 0 };
  }
  const start = performance.now();
  const world = new World(target, crew);
  let failure: string | undefined;
  try {
    await within(caseDeadlineMs, each.run(world));
  } catch (error) {
    failure = (error as Error).message;
  }
  try {
    await within(caseDeadlineMs, world.close());
  } catch (error) {
    failure ??= `afterwards: ${(error as Error).message}`;
  }
  // What broke a rule is nearer to the cause than what did not come because of it.
  failure = world.violation ?? failure;
  const duration = performance.now() - start;
  return failure === undefined
    ? { case: each, status: 'passed', duration }
    : { case: each, status: 'failed', reason: failure, duration };
}

async function within(deadlineMs: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not over after ${deadlineMs} ms`)), deadlineMs);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
