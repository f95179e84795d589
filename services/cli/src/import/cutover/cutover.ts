import { catchUp, type FollowObserver, type FollowOptions, rebuildDeleted } from '../follow/follow.js';
import { rowsBehind } from '../follow/messages.js';
import type { TargetDatabase } from '../target/database.js';
import { requireRoom, roomForCutover } from '../target/room.js';
import { ImportState } from '../target/state.js';
import type { Verification } from '../verification.js';
import { Clock, type Criterion, type EveningRecord } from './evening.js';
import { type Mark, untilQuiet, writeMark } from './quiet.js';
import { keepAsTakenOver, keptAtCutover } from './taken-over.js';

/** The old servers in the order in which they are stopped: first those that let people in, last the one that writes. */
export const stopOrder = [
  'login_server',
  'msg_server',
  'http_msg_server',
  'the PHP pages',
  'file_server',
  'msfs',
  'db_proxy_server',
] as const;

export interface CutoverRecord extends EveningRecord {
  /** from the moment the old servers were quiet to the decision */
  closedSeconds: number | null;
}

export interface CutoverOptions extends FollowOptions {
  /** for how long nothing may have been written before the old servers count as stopped */
  quietMs: number;
  /** time within which the cutover has to finish, milliseconds */
  withinMs: number;
  verify(): Promise<Verification>;
  observer: FollowObserver;
  /** each step when it begins, and when it has ended */
  onStep(line: string): void;
}

/** Moves to the new installation, or says why not. The old store stays as it is either way. @throws Failure when a side goes away */
export async function cutOver(options: CutoverOptions): Promise<CutoverRecord> {
  const clock = new Clock(options);
  const { database, observer, quietMs } = options;
  await clock.step('look for messages deleted since the copy', async () => {
    return `${await rebuildDeleted(options)} conversations rebuilt`;
  });
  await clock.step('import what has arrived so far', async () => {
    await catchUp(options, observer);
    return 'done';
  });
  await requireRoomFor(options);
  // From here on people are waiting, and nobody uses the old servers any more.
  options.legacy.pace.lift();
  let mark: Mark | undefined;
  await clock.step(
    `wait until the old servers are stopped, in this order: ${stopOrder.join(', ')}`,
    async () => {
      mark = await untilQuiet(options, quietMs, clock.deadline);
      return mark === undefined
        ? 'still written to when the time was over'
        : `quiet for ${quietMs / 1_000} s`;
    },
  );
  const quietAt = performance.now() - quietMs;
  let verification: Verification | undefined;
  if (mark !== undefined) {
    await clock.step('bring the rest', async () => {
      await catchUp(options, observer);
      return 'done';
    });
    await clock.step('verify', async () => {
      verification = await options.verify();
      return `${verification.unexplained} unexplained`;
    });
  }
  const stayedQuiet = mark !== undefined && (await writeMark(options)) === mark;
  const replica = await options.legacy.replicaProblem();
  const criteria = judge({ mark, replica, verification, stayedQuiet, isOver: clock.isOver });
  const isGo = criteria.every(({ isMet }) => isMet);
  if (isGo) {
    await clock.step('keep what the new servers begin with', async () => {
      await new ImportState(database).once(takenOverStep, keepAsTakenOver);
      return 'done';
    });
  }
  return {
    source: await sourceOf(database),
    ...clock.times(),
    steps: clock.steps,
    criteria,
    decision: isGo ? 'go' : 'no go',
    closedSeconds: mark === undefined ? null : (performance.now() - quietAt) / 1_000,
    next: isGo ? afterGo : afterNoGo,
  };
}

/** Called while the old servers still run, because later they would have been stopped for nothing. */
async function requireRoomFor({ database, legacy }: CutoverOptions): Promise<void> {
  const needed = await roomForCutover(database, {
    behind: await rowsBehind({ legacy, database }),
    others: await legacy.bytesOf((table) => !/^IM(?:Group)?Message_/.test(table)),
    kept: keptAtCutover,
  });
  await requireRoom(database, needed, 'The old servers can keep running.');
}

/** The step of the import's state that says that the new servers have taken over. */
export const takenOverStep = 'cutover';

const afterGo = [
  'start the new servers, and let the old names lead to them',
  'log in as somebody with an old client; send a text, an image and a voice message',
  'start `teamtalk import rollback`, so that going back stays possible',
];

const afterNoGo = [
  `start the old servers again: ${[...stopOrder].reverse().join(', ')}. Nothing of theirs was changed`,
  'start `teamtalk import follow` again',
  'read the report, and try another evening',
];

interface Found {
  mark: Mark | undefined;
  /** why the old database may lack data of its master */
  replica: string | undefined;
  verification: Verification | undefined;
  stayedQuiet: boolean;
  isOver: boolean;
}

function judge({ mark, replica, verification, stayedQuiet, isOver }: Found): Criterion[] {
  return [
    {
      question: 'Are the old servers stopped?',
      isMet: mark !== undefined,
      found: mark === undefined ? 'something is still written' : 'nothing is written any more',
    },
    {
      question: 'Is the old database up to date with its master?',
      isMet: replica === undefined,
      found: replica ?? 'yes, or it is the master itself',
    },
    {
      question: 'Was nothing written to the old store since the last pass began?',
      isMet: stayedQuiet,
      found: stayedQuiet ? 'nothing' : 'something was',
    },
    {
      question: 'Is everything there, or left out for a reason?',
      isMet: verification?.unexplained === 0,
      found: verification ? `${verification.unexplained} unexplained` : 'not verified',
    },
    { question: 'Is it in time?', isMet: !isOver, found: isOver ? 'the time is over' : 'yes' },
  ];
}

async function sourceOf(database: TargetDatabase): Promise<string> {
  return (await database.rows<{ name: string }>('SELECT name FROM legacy_import.source'))[0]!.name;
}
