import { createTextCodec, DEFAULT_TEXT_KEY } from '@teamtalk/protocol';
import { Failure } from '../../failure.js';
import { note } from '../../output.js';
import type { CutoverRecord } from '../cutover/cutover.js';
import { Clock, type Criterion, type EveningRecord } from '../cutover/evening.js';
import { follow } from '../follow/follow.js';
import { LegacyWriter } from '../legacy/writer.js';
import { workAsNewServers } from '../rehearse/new-servers.js';
import { workAsOldServers } from '../rehearse/old-servers.js';
import { requireCopy } from '../rehearse/require-copy.js';
import { eveningPage } from '../report/evening-page.js';
import { writePages } from '../report/write-pages.js';
import { sourceName } from '../target/state.js';
import { runCutover } from './cutover.js';
import { Lag } from './lag.js';
import { runRollback } from './rollback.js';
import type { ImportSession } from './session.js';
import { copy, inspect, verifyImport, writeReport } from './steps.js';

const stateMs = 60_000;
const memoryLimit = 1024 * 1024 * 1024;
/** If `follow` ends up further behind than this, it does not keep up. */
const mostLagSeconds = 30;

export interface RehearsalSettings {
  writeMysql: string;
  /** how long the old servers are simulated and followed, and at how many messages per second */
  followSeconds: number;
  perSecond: number;
  /** number of messages to store here after the cutover and write back */
  messages: number;
  quietSeconds: number;
  withinMinutes: number;
  /** folder of the reports */
  report: string;
}

export interface RehearsalRecord extends EveningRecord {
  /** record of the cutover alone; null: not reached */
  cutover: CutoverRecord | null;
  figures: {
    /** messages written to the copy while it was followed */
    followedMessages: number;
    /** how far behind `follow` was at its end */
    lagSeconds: number | null;
    /** messages stored here and written back */
    newMessages: number;
    returnedMessages: number;
    /** peak memory of the importer */
    memoryBytes: number;
  };
}

/**
 * Rehearses the cutover and the rollback on a copy of the old store, into an empty installation. Both contain test messages
 * afterwards. The folders of images and offline files are only read.
 *
 * @throws Failure when the store is not a copy; later failures are in the record
 */
export async function runRehearsal(
  session: ImportSession,
  settings: RehearsalSettings,
): Promise<{ record: RehearsalRecord; page: string; data: string }> {
  const writer = await LegacyWriter.open(settings.writeMysql, session.places.redis);
  try {
    note(`checking for ${settings.quietSeconds} s whether anybody else uses this store`);
    await requireCopy({ ...session, writer }, settings.quietSeconds * 1_000);
    const record = await new Rehearsal(session, settings, writer).run();
    const written = await writePages(settings.report, 'teamtalk-rehearsal', {
      page: eveningPage(`Rehearsal of the move from ${record.source}`, record),
      data: record,
    });
    return { record, ...written };
  } finally {
    await writer.close();
  }
}

class Rehearsal {
  readonly #session: ImportSession;
  readonly #settings: RehearsalSettings;
  readonly #writer: LegacyWriter;
  readonly #clock: Clock;
  readonly #content: Buffer;
  #cutover: CutoverRecord | null = null;
  #followed = 0;
  #lagSeconds: number | null = null;
  #stored = 0;
  readonly #returned: number[] = [];
  #unexplained: number | undefined;
  #failure: string | undefined;

  constructor(session: ImportSession, settings: RehearsalSettings, writer: LegacyWriter) {
    this.#session = session;
    this.#settings = settings;
    this.#writer = writer;
    this.#clock = new Clock({ onStep: note });
    const key = session.places.textKey ?? process.env.TEXT_KEY ?? DEFAULT_TEXT_KEY;
    this.#content = createTextCodec(key).encrypt('a message of the rehearsal');
  }

  async run(): Promise<RehearsalRecord> {
    try {
      await this.#there();
      if (this.#cutover?.decision === 'go') await this.#andBack();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.#failure = error.message;
    }
    const criteria = this.#criteria();
    const isGo = criteria.every(({ isMet }) => isMet);
    return {
      source: sourceName(this.#session.places),
      ...this.#clock.times(),
      steps: this.#clock.steps,
      criteria,
      decision: isGo ? 'go' : 'no go',
      next: isGo ? afterGo : afterNoGo,
      cutover: this.#cutover,
      figures: {
        followedMessages: this.#followed,
        lagSeconds: this.#lagSeconds,
        newMessages: this.#stored,
        returnedMessages: this.#returned[0] ?? 0,
        memoryBytes: process.resourceUsage().maxRSS * 1024,
      },
    };
  }

  async #there(): Promise<void> {
    const session = this.#session;
    const { followSeconds, perSecond, report } = this.#settings;
    await this.#clock.step('inspect and copy', async () => {
      const inspection = await inspect(session);
      await copy(session, inspection);
      return `${inspection.findings.length} kinds of dirt, ${inspection.estimate.messages.toLocaleString('en')} messages`;
    });
    await this.#clock.step(`follow for ${followSeconds} s, ${perSecond} messages a second`, async () => {
      await this.#follow();
      return `${this.#followed} messages, ${this.#lagSeconds?.toFixed(1)} s behind at the end`;
    });
    await this.#clock.step('cutover', async () => {
      this.#cutover = (await runCutover(session, { ...this.#settings, redisLost: false })).record;
      return `${this.#cutover.decision}, ${closedFor(this.#cutover)}`;
    });
    await writeReport(session.database, report);
  }

  async #follow(): Promise<void> {
    const { followSeconds, perSecond } = this.#settings;
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), followSeconds * 1_000);
    const end = () => stop.abort();
    const lag = new Lag();
    const work = [
      workAsOldServers(this.#writer, {
        content: this.#content.toString('latin1'),
        perSecond,
        signal: stop.signal,
      }).then((count) => {
        this.#followed = count;
      }),
      this.#session.database.alone(() =>
        follow(this.#session, { stateMs, signal: stop.signal, observer: lag }),
      ),
    ];
    // If one fails, it stops the other.
    const outcomes = await Promise.allSettled(
      work.map((each) =>
        each.catch((error) => {
          end();
          throw error;
        }),
      ),
    );
    clearTimeout(timer);
    lag.end();
    this.#lagSeconds = lag.secondsBehind ?? null;
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  async #andBack(): Promise<void> {
    const { database } = this.#session;
    const { messages, writeMysql } = this.#settings;
    await this.#clock.step('store messages as the new servers do', async () => {
      this.#stored = await workAsNewServers(database, { data: this.#content, messages });
      return `${this.#stored} messages`;
    });
    // These folders may belong to the real servers.
    const places = { ...this.#session.places, images: undefined, offlineFiles: undefined };
    for (const name of ['write back', 'write back again, which changes nothing']) {
      await this.#clock.step(name, async () => {
        const result = await runRollback({ ...this.#session, places }, { writeMysql, every: 1, once: true });
        this.#returned.push(result.messages);
        return `${result.messages} messages`;
      });
    }
    await this.#clock.step('verify that both sides are the same', async () => {
      // The old tables have the new numbers by now, so no message may differ.
      await database.rows('TRUNCATE legacy_import.message_map');
      this.#unexplained = (await verifyImport(this.#session)).unexplained;
      return `${this.#unexplained} unexplained`;
    });
  }

  #criteria(): Criterion[] {
    const lag = this.#lagSeconds;
    const open = this.#cutover?.criteria
      .filter(({ isMet }) => !isMet)
      .map(({ question, found }) => `${question} ${found}`);
    const memory = process.resourceUsage().maxRSS * 1024;
    const [first, second] = this.#returned;
    return [
      {
        question: 'Did every step finish?',
        isMet: this.#failure === undefined && this.#unexplained !== undefined,
        found: this.#failure ?? (this.#unexplained === undefined ? 'the rollback was not tried' : 'yes'),
      },
      {
        question: 'Does follow keep up?',
        isMet: lag !== null && lag <= mostLagSeconds && this.#followed > 0,
        found:
          lag === null ? 'not tried' : `${this.#followed} messages, ${lag.toFixed(1)} s behind at the end`,
      },
      {
        question: 'Did the cutover end in go?',
        isMet: this.#cutover?.decision === 'go',
        found:
          open === undefined ? 'not reached' : open.length > 0 ? open.join('; ') : closedFor(this.#cutover!),
      },
      {
        question: 'Is everything written back, and nothing twice?',
        isMet: this.#stored > 0 && first === this.#stored && second === 0,
        found: `${this.#stored} messages were stored, ${first ?? 0} written back, then ${second ?? 0}`,
      },
      {
        question: 'Are both sides the same after the rollback?',
        isMet: this.#unexplained === 0,
        found: this.#unexplained === undefined ? 'not verified' : `${this.#unexplained} unexplained`,
      },
      {
        question: 'Does the importer stay below 1 GiB of memory?',
        isMet: memory < memoryLimit,
        found: `${Math.round(memory / 1_000_000)} MB`,
      },
    ];
  }
}

function closedFor({ closedSeconds }: CutoverRecord): string {
  return closedSeconds === null ? 'the copy was never quiet' : `closed for ${closedSeconds.toFixed(1)} s`;
}

const afterGo = [
  'drop this database and the copy: both contain messages of the rehearsal',
  'plan the cutover with the durations of these steps',
];

const afterNoGo = [
  'read the findings; `teamtalk-import.html` has samples of unexplained differences',
  'drop this database and the copy, create both again, and rehearse again',
];
