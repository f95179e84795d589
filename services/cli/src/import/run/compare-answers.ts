import { readFile } from 'node:fs/promises';
import { Failure } from '../../failure.js';
import {
  type AnsweringServer,
  type AnswersComparison,
  type AskingUser,
  compareAnswers,
} from '../../import-verify/answers/compare.js';
import { databaseUrl } from '../../installation.js';
import { Progress } from '../progress.js';
import { TargetDatabase } from '../target/database.js';
import { firstPair } from '../target/first-pair.js';

export interface CompareAnswersSettings {
  /** msg_servers */
  old: AnsweringServer;
  new: AnsweringServer;
  /** a file with the name and the password of one user in each line, with a tab between them */
  users: string;
  /** how many of them are asked for, drawn by lot; undefined: all */
  sample: number | undefined;
}

/** Asks an old and a new server the same questions, as users whose passwords are known. @throws Failure where the file does not say them */
export async function compareServers(settings: CompareAnswersSettings): Promise<AnswersComparison> {
  const users = await withRenumbered(sampleOf(await readUsers(settings.users), settings.sample));
  const progress = new Progress();
  progress.begin('answers', users.length);
  const comparison = await compareAnswers({
    old: settings.old,
    new: settings.new,
    users,
    onUser: () => progress.add(1),
  });
  progress.end();
  return comparison;
}

async function readUsers(file: string): Promise<AskingUser[]> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new Failure(`the file of users cannot be read: ${(error as Error).message}`);
  });
  const lines = text.split(/\r?\n/).filter((line) => line !== '');
  if (lines.length === 0) throw new Failure(`${file} names no users`);
  return lines.map((line, at) => {
    const tab = line.indexOf('\t');
    if (tab < 1) throw new Failure(`${file}, line ${at + 1}: a name, a tab and a password are needed`);
    return { name: line.slice(0, tab), password: line.slice(tab + 1) };
  });
}

function sampleOf(users: readonly AskingUser[], count = users.length): AskingUser[] {
  const left = [...users];
  const drawn: AskingUser[] = [];
  while (drawn.length < count && left.length > 0) {
    drawn.push(...left.splice(Math.floor(Math.random() * left.length), 1));
  }
  return drawn;
}

/** Says of each user which of their conversations have other numbers than before, by the importer's list. */
async function withRenumbered(users: readonly AskingUser[]): Promise<AskingUser[]> {
  const database = new TargetDatabase(databaseUrl(process.env), 1);
  try {
    const [list] = await database.rows<{ found: boolean }>(
      `SELECT to_regclass('legacy_import.message_map') IS NOT NULL AS found`,
    );
    if (!list?.found) {
      throw new Failure(
        'nothing was copied here, or its list of changed numbers is gone: DATABASE_URL has to be of the new servers.',
      );
    }
    const rows = await database.rows<{ name: string; session: string }>(
      `
      SELECT u.name, CASE WHEN m.conv < ${firstPair} THEN '2:' || m.conv
        WHEN m.conv >> 32 = u.id THEN '1:' || (m.conv & 4294967295) ELSE '1:' || (m.conv >> 32) END AS session
      FROM (SELECT DISTINCT conv FROM legacy_import.message_map) AS m
      JOIN im_user u ON CASE WHEN m.conv < ${firstPair}
        THEN EXISTS (SELECT FROM group_member g WHERE g.group_id = m.conv AND g.user_id = u.id)
        ELSE u.id IN (m.conv >> 32, m.conv & 4294967295) END
      WHERE u.name = ANY ($1)`,
      [users.map(({ name }) => name)],
    );
    const sessions = grouped(rows);
    return users.map((user) => ({ ...user, renumbered: sessions.get(user.name) ?? new Set() }));
  } finally {
    await database.close();
  }
}

function grouped(rows: readonly { name: string; session: string }[]): Map<string, Set<string>> {
  const sessions = new Map<string, Set<string>>();
  for (const { name, session } of rows) {
    sessions.set(name, (sessions.get(name) ?? new Set()).add(session));
  }
  return sessions;
}
