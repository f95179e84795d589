import initSqlJs, { type Database } from 'sql.js';

export interface LocalMessage {
  session: string;
  msgId: number;
  text: string;
}

/** How the old clients keep messages: all by number and session, but not all replace what is there. */
const rules = {
  Android: {
    table:
      'CREATE TABLE Message (id INTEGER PRIMARY KEY AUTOINCREMENT, MSG_ID INT, SESSION_KEY TEXT, CONTENT TEXT, UNIQUE (MSG_ID, SESSION_KEY))',
    insert: 'INSERT OR REPLACE INTO Message (MSG_ID, SESSION_KEY, CONTENT) VALUES (?, ?, ?)',
    select: 'SELECT MSG_ID, SESSION_KEY, CONTENT FROM Message',
    forget: 'DELETE FROM Message WHERE SESSION_KEY = ?',
  },
  iOS: {
    table:
      'CREATE TABLE message (messageID INTEGER, sessionId TEXT, content TEXT, PRIMARY KEY (messageID, sessionId))',
    insert: 'INSERT OR REPLACE INTO message VALUES (?, ?, ?)',
    select: 'SELECT messageID, sessionId, content FROM message',
    forget: 'DELETE FROM message WHERE sessionId = ?',
  },
  Mac: {
    table:
      'CREATE TABLE Message (msgID INTEGER, sessionID TEXT, content TEXT, PRIMARY KEY (msgID, sessionID))',
    insert: 'INSERT OR REPLACE INTO Message VALUES (?, ?, ?)',
    select: 'SELECT msgID, sessionID, content FROM Message',
    forget: 'DELETE FROM Message WHERE sessionID = ?',
  },
  Windows: {
    table:
      'CREATE TABLE immessage (id INTEGER PRIMARY KEY, msgid INTEGER, sessionid TEXT, content TEXT, UNIQUE (msgid, sessionid))',
    insert: 'INSERT OR IGNORE INTO immessage (msgid, sessionid, content) VALUES (?, ?, ?)',
    select: 'SELECT msgid, sessionid, content FROM immessage',
    forget: 'DELETE FROM immessage WHERE sessionid = ?',
  },
} as const;

export type ClientKind = keyof typeof rules;
export const clientKinds = Object.keys(rules) as ClientKind[];

/** The local database of an old client. */
export class ClientDatabase {
  readonly #database: Database;
  readonly #rule: (typeof rules)[ClientKind];

  static async open(kind: ClientKind): Promise<ClientDatabase> {
    const { Database } = await initSqlJs();
    return new ClientDatabase(new Database(), rules[kind]);
  }

  private constructor(database: Database, rule: (typeof rules)[ClientKind]) {
    this.#database = database;
    this.#rule = rule;
    database.run(rule.table);
  }

  /** Keeps an answer, as the client does when it comes. */
  keep(messages: readonly LocalMessage[]): void {
    this.#database.run('BEGIN');
    const statement = this.#database.prepare(this.#rule.insert);
    for (const { msgId, session, text } of messages) statement.run([msgId, session, text]);
    statement.free();
    this.#database.run('COMMIT');
  }

  /** What a user does who empties the history of a session on their device. */
  forget(session: string): void {
    this.#database.run(this.#rule.forget, [session]);
  }

  /** By `session/number`. */
  rows(): Map<string, string> {
    const [result] = this.#database.exec(this.#rule.select);
    return new Map((result?.values ?? []).map(([id, session, text]) => [`${session}/${id}`, String(text)]));
  }

  close(): void {
    this.#database.close();
  }
}
