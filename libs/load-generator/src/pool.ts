import { readFileSync } from 'node:fs';
import { loginFrame } from '@teamtalk/local-stack';
import { Commands, decodeBody } from '@teamtalk/protocol';
import { LoadConnection, type Traffic } from './connection.js';
import { Latency } from './latency.js';
import type { LoadOptions } from './options.js';
import { Id } from './wire.js';

const loginMs = 60_000;
/** Descriptors a process needs besides its connections. */
export const otherDescriptors = 64;

/** What became of the pool's connections so far. */
export interface PoolCounts {
  loggedIn: number;
  /** refused by the server, by result code */
  refused: Record<number, number>;
  /** not connected, or closed before the login was answered */
  failed: number;
  closedByServer: number;
  kicked: number;
  statusNotifies: number;
  otherPdus: number;
}

export function emptyCounts(): PoolCounts {
  return {
    loggedIn: 0,
    refused: {},
    failed: 0,
    closedByServer: 0,
    kicked: 0,
    statusNotifies: 0,
    otherPdus: 0,
  };
}

/** The connections of a run. It handles logins, kicks and presence itself; other frames go to the mode's `frames`. */
export class Pool implements Traffic {
  readonly connections: LoadConnection[];
  readonly counts = emptyCounts();
  /** from connecting to the answer */
  readonly loginLatency = new Latency();
  /** The mode's own handlers; set before traffic begins. */
  frames: Partial<Traffic> = {};
  /** Called when a login has ended, either way. */
  onLogin: (connection: LoadConnection, ok: boolean) => void = () => {};
  readonly #options: LoadOptions;
  /** by connection: when its login was due, ms of the monotonic clock; 0: none is in flight */
  readonly #loginDue: Float64Array;

  /** @throws Error when this process may not open so many connections */
  constructor(options: LoadOptions, count = options.users) {
    checkDescriptors(count);
    this.#options = options;
    this.#loginDue = new Float64Array(count);
    const { prefix, first, users } = options;
    this.connections = Array.from(
      { length: count },
      (_, i) => new LoadConnection(i, `${prefix}${first + (i % users)}`, this),
    );
  }

  /**
   * Logs all in.
   * @throws Error when none could
   */
  async logInAll(): Promise<void> {
    const { concurrency, users, say } = this.#options;
    const begin = performance.now();
    let next = 0;
    let inFlight = 0;
    await new Promise<void>((resolve) => {
      const more = () => {
        while (inFlight < concurrency && next < this.connections.length) {
          inFlight++;
          this.logIn(this.connections[next++]!, performance.now());
        }
        if (inFlight === 0) resolve();
      };
      this.onLogin = () => {
        inFlight--;
        more();
      };
      more();
    });
    this.onLogin = () => {};
    const { loggedIn, failed, refused } = this.counts;
    const seconds = ((performance.now() - begin) / 1000).toFixed(1);
    const others = Object.entries(refused).map(([code, count]) => `, ${count} refused (${code})`);
    say(
      `${loggedIn} of ${this.connections.length} logged in, ${failed} failed${others.join('')}; ${seconds} s`,
    );
    if (loggedIn === 0) throw new Error(`none of ${users} users could log in${others.join('')}`);
  }

  /**
   * Connects all without logging in.
   * @throws Error when one cannot be connected
   */
  async connectAll(): Promise<void> {
    const { servers, tls } = this.#options;
    let open = 0;
    await new Promise<void>((resolve, reject) => {
      this.frames = { closed: () => reject(new Error('the server refuses connections')) };
      for (const connection of this.connections) {
        connection.open(servers[connection.index % servers.length]!, tls, () => {
          open++;
          if (open === this.connections.length) resolve();
        });
      }
    });
    this.frames = {};
  }

  /** Connects and logs one in; `onLogin` is told the outcome. @param dueAt ms of the monotonic clock */
  logIn(connection: LoadConnection, dueAt: number): void {
    const { servers, tls } = this.#options;
    this.#loginDue[connection.index] = dueAt;
    connection.open(servers[connection.index % servers.length]!, tls, this.#askToLogIn);
  }

  /** Closes every connection that has waited too long for its login's answer. */
  dropLateLogins(now: number): void {
    for (const connection of this.connections) {
      const due = this.#loginDue[connection.index]!;
      if (due > 0 && now - due > loginMs) connection.close();
    }
  }

  closeAll(): void {
    for (const connection of this.connections) connection.close();
  }

  frame(
    connection: LoadConnection,
    commandId: number,
    seq: number,
    buf: Buffer,
    start: number,
    end: number,
  ): void {
    switch (commandId) {
      case Id.LoginAnswer:
        this.#loginAnswered(connection, buf.subarray(start, end));
        break;
      case Id.Kick:
        this.counts.kicked++;
        break;
      case Id.StatusNotify:
        this.counts.statusNotifies++;
        break;
      default:
        if (this.frames.frame) this.frames.frame(connection, commandId, seq, buf, start, end);
        else this.counts.otherPdus++;
    }
  }

  readDone(connection: LoadConnection): void {
    this.frames.readDone?.(connection);
  }

  closed(connection: LoadConnection, byServer: boolean): void {
    if (this.#loginDue[connection.index]! > 0) {
      this.#loginDue[connection.index] = 0;
      this.counts.failed++;
      this.onLogin(connection, false);
      return;
    }
    if (byServer) this.counts.closedByServer++;
    this.frames.closed?.(connection, byServer);
  }

  #loginAnswered(connection: LoadConnection, body: Buffer): void {
    const due = this.#loginDue[connection.index]!;
    if (due === 0) return;
    this.#loginDue[connection.index] = 0;
    const { resultCode, userInfo } = decodeBody(Commands.LoginResUserlogin, body);
    const ok = resultCode === 0;
    if (ok) {
      this.loginLatency.record(performance.now() - due);
      this.counts.loggedIn++;
      connection.userId = userInfo?.userId ?? 0;
      connection.loggedIn = true;
    } else {
      this.counts.refused[resultCode] = (this.counts.refused[resultCode] ?? 0) + 1;
      connection.close();
    }
    this.onLogin(connection, ok);
  }

  readonly #askToLogIn = (connection: LoadConnection): void => {
    const { password, clientType } = this.#options;
    connection.write(loginFrame({ name: connection.name, password, clientType }));
  };
}

/** @throws Error when fewer file descriptors are allowed than so many connections need */
function checkDescriptors(connections: number): void {
  const limit = descriptorLimit();
  if (limit === undefined || connections + otherDescriptors <= limit) return;
  throw new Error(
    `${connections} connections need more file descriptors than the ${limit} this process may open: ` +
      `run \`ulimit -n ${connections + 1_000}\` first (the servers need as many)`,
  );
}

/** How many file descriptors this process may have open; undefined where /proc does not say. */
export function descriptorLimit(): number | undefined {
  try {
    const match = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'));
    return match ? Number(match[1]) : undefined;
  } catch {
    return undefined;
  }
}
