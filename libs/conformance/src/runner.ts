import { Commands as C } from '@teamtalk/protocol';
import type { Case } from './case.js';
import { Installation } from './installation.js';
import { type DifferenceId, fixedOf } from './original.js';
import { Peer, type User } from './peer.js';
import { conformanceCases } from './suite.js';
import { defaultDeadlineMs, defaultTextKey, passwordDigest, type Target } from './target.js';
import { type Role, roles, World } from './world.js';

export interface ConformanceOptions extends Partial<Target> {
  servers: Target['servers'];
  /** names; a case takes four of them, so eight run two cases at a time, except with `legacy` */
  users: readonly string[];
  /** the password of all of them */
  password: string;
  /** only cases with this in their name, or in the name or number of one of their commands */
  filter?: string;
  /** with `legacy`: how long a server that died may take to come back, milliseconds, default 300,000 */
  restartMs?: number;
  /** with `legacy`: called when a case has killed a server, before the wait until it is back */
  onKilled?(result: CaseResult): void;
  /** called after each case */
  onResult?(result: CaseResult): void;
}

/** With `legacy`, `known`, `new` and `killed` take the place of `failed`. */
export type Status = 'passed' | 'failed' | 'known' | 'new' | 'killed' | 'not run';

export interface CaseResult {
  readonly case: Case;
  readonly status: Status;
  /** why it failed, or what it needs that the installation does not have */
  readonly reason?: string;
  /** with `legacy`: the known differences it fails for on an original */
  readonly known?: readonly DifferenceId[];
  /** with `legacy`: known differences of an original that any of its clients saw */
  readonly seen?: readonly DifferenceId[];
  /** milliseconds */
  readonly duration: number;
}

/** Longest time of a case, milliseconds. */
const caseDeadlineMs = 60_000;
const defaultRestartMs = 300_000;

/** The users of one case at a time. */
type Crew = Readonly<Record<Role, User>>;

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
  const tell = (result: CaseResult) => {
    results.set(result.case, result);
    options.onResult?.(result);
  };
  if (target.legacy) {
    // One at a time, to know which case has killed a server.
    await runLegacy(cases, target, crews[0]!, options, tell);
  } else {
    const queue = [...cases];
    const work = async (crew: Crew) => {
      for (let next = queue.shift(); next; next = queue.shift()) tell(await runCase(next, target, crew));
    };
    await Promise.all(crews.map(work));
  }
  return cases.map((each) => results.get(each)!);
}

async function runLegacy(
  cases: readonly Case[],
  target: Target,
  crew: Crew,
  { restartMs = defaultRestartMs, onKilled }: Pick<ConformanceOptions, 'restartMs' | 'onKilled'>,
  tell: (result: CaseResult) => void,
): Promise<void> {
  const canLogIn = async () => {
    for (const address of target.servers) await idOf(crew.a, target, address);
  };
  const installation = await Installation.watch(target, crew.a, canLogIn);
  let gone = false;
  try {
    for (const each of cases) {
      if (gone) {
        tell({ case: each, status: 'not run', reason: 'the server did not come back', duration: 0 });
        continue;
      }
      const result = await runCase(each, target, crew);
      if (result.status === 'not run') {
        tell(result);
        continue;
      }
      const harm = await installation.harm({ thorough: result.status !== 'passed' });
      if (!harm) {
        tell(result);
        continue;
      }
      const killed: CaseResult = { ...result, status: 'killed', reason: harm };
      onKilled?.(killed);
      const backMs = await installation.untilBack(restartMs);
      gone = backMs === undefined;
      const after = gone ? 'did not come back' : `back after ${(backMs! / 1000).toFixed(1)} s`;
      tell({ ...killed, reason: `${harm}; ${after}` });
    }
  } finally {
    installation.stop();
  }
}

function targetOf(options: ConformanceOptions): Target {
  return {
    ...options,
    deadlineMs: options.deadlineMs ?? defaultDeadlineMs,
    textKey: options.textKey ?? defaultTextKey,
  };
}

/** Whether a filter selects a case. */
function fits({ name, commands, is, proves }: Case, filter = ''): boolean {
  const words = [
    name,
    ...is,
    ...proves,
    ...commands.flatMap((command) => [command.name, `0x${command.id.toString(16).padStart(4, '0')}`]),
  ];
  return words.some((word) => word.toLowerCase().includes(filter.toLowerCase()));
}

async function prepareCrews({ users, password }: ConformanceOptions, target: Target): Promise<Crew[]> {
  if (new Set(users).size !== users.length || users.length < roles.length) {
    throw new Error(`the suite needs at least ${roles.length} different users`);
  }
  const passwordMd5 = passwordDigest(password);
  const crews: Record<Role, User>[] = [];
  for (let i = 0; i + roles.length <= users.length; i += roles.length) {
    const crew: Partial<Record<Role, User>> = {};
    for (const [k, role] of roles.entries()) {
      const name = users[i + k]!;
      crew[role] = { name, passwordMd5, id: await idOf({ name, passwordMd5 }, target) };
    }
    crews.push(crew as Record<Role, User>);
  }
  return crews;
}

/** Logs a user in to learn their id. @throws Error when the login fails */
async function idOf(
  { name, passwordMd5 }: Pick<User, 'name' | 'passwordMd5'>,
  { servers, deadlineMs, legacy }: Target,
  address = servers[0]!,
): Promise<number> {
  const peer = await Peer.open({ as: 'windows', label: name, address, deadlineMs, legacy });
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
    peer.raw.close();
  }
}

async function runCase(each: Case, target: Target, crew: Crew): Promise<CaseResult> {
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
  // A violation is closer to the cause than the PDU that is missing because of it.
  failure = world.violation ?? failure;
  const duration = performance.now() - start;
  if (target.legacy) return { ...judge(each, failure, [...world.known]), case: each, duration };
  return failure === undefined
    ? { case: each, status: 'passed', duration }
    : { case: each, status: 'failed', reason: failure, duration };
}

/** Classifies the outcome of a case on an original. */
function judge(
  { proves, onOriginal }: Case,
  failure: string | undefined,
  seen: readonly DifferenceId[],
): Pick<CaseResult, 'status' | 'reason' | 'known' | 'seen'> {
  const known = [...fixedOf(proves), ...(onOriginal === 'untried' ? [] : onOriginal)];
  if (failure === undefined) {
    // It reached its end, but a client saw one of the differences it is about.
    const spoilt = known.filter((id) => seen.includes(id));
    return spoilt.length > 0 ? { status: 'known', known: spoilt, seen } : { status: 'passed', seen };
  }
  if (known.length > 0) return { status: 'known', reason: failure, known, seen };
  const untried = onOriginal === 'untried' ? ' (never tried on an original before)' : '';
  return { status: 'new', reason: `${failure}${untried}`, seen };
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
