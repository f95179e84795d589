import { randomUUID } from 'node:crypto';
import { type Frame, RawConnection } from '@teamtalk/local-stack';
import {
  Commands as C,
  type Command,
  decodeBody,
  encodePdu,
  encodeRawPdu,
  HEADER_LENGTH,
} from '@teamtalk/protocol';
import { ambient } from './answers.js';
import { nameOf } from './command-name.js';
import { check, difference, type Expected, expectMatch } from './match.js';
import { type ClientName, type Profile, profiles } from './profiles.js';
import { Rules } from './rules.js';

/** A user who can log in. */
export interface User {
  name: string;
  /** lower-case hex MD5, as clients send it */
  passwordMd5: string;
  id: number;
}

export interface PeerOptions {
  as: ClientName;
  /** in reports: `a android` */
  label: string;
  address: { host: string; port: number };
  deadlineMs: number;
  legacy?: boolean | undefined;
}

/** Larger than a server's frame limit, so that the rules see it, bytes. */
const largestFrame = 64 * 1024 * 1024;
const loggedIn = 0;
const fenceMark = 'conformance fence ';
/** Longest wait for a command from user to user on an original, milliseconds; it does not deliver all of them. */
const legacyFenceMs = 1_000;

/** One client of a case: a connection with the habits and the limits of one of the old clients. */
export class Peer {
  readonly label: string;
  readonly profile: Profile;
  readonly rules: Rules;
  readonly #deadlineMs: number;
  readonly #legacy: boolean;
  readonly #bySeqOnly: boolean;
  #raw!: RawConnection;
  #seqNum: number;
  #user: User | undefined;

  static async open(options: PeerOptions): Promise<Peer> {
    const peer = new Peer(options);
    const { address, deadlineMs } = options;
    peer.#raw = await RawConnection.open(address.port, {
      host: address.host,
      deadlineMs,
      limit: largestFrame,
      onFrame: (frame) => peer.rules.received(frame),
    });
    return peer;
  }

  private constructor({ as, label, deadlineMs, legacy = false }: PeerOptions) {
    this.label = label;
    this.profile = profiles[as];
    this.rules = new Rules(this.profile, { legacy });
    this.#deadlineMs = deadlineMs;
    this.#legacy = legacy;
    // Pushes of an original may have any seq_num; the rules collect those apart.
    this.#bySeqOnly = this.profile.matchesBySeqOnly && !legacy;
    this.#seqNum = this.profile.seqNums.first;
  }

  /** The logged-in user's id. */
  get id(): number {
    check(this.#user !== undefined, `${this.label} is not logged in`);
    return this.#user.id;
  }

  get isLoggedIn(): boolean {
    return this.#user !== undefined && this.isOpen;
  }

  get isOpen(): boolean {
    return this.#raw.isOpen;
  }

  /** The connection itself, to do what no client does on purpose. */
  get raw(): RawConnection {
    return this.#raw;
  }

  /** The seq_num the client gives its next PDU; wraps as the client's counter does. */
  nextSeqNum(): number {
    const { first, last } = this.profile.seqNums;
    const seqNum = this.#seqNum;
    this.#seqNum = seqNum >= last ? first : seqNum + 1;
    return seqNum;
  }

  /** Sets the seq_num of the next PDU. */
  countFrom(seqNum: number): void {
    this.#seqNum = seqNum;
  }

  /** Sends a PDU. @returns its seq_num */
  send<P extends object>(command: Command<object, P>, body: NoInfer<P>, seqNum = this.nextSeqNum()): number {
    return this.sendRaw(command.id, encodePdu(command, body, 0).subarray(HEADER_LENGTH), seqNum);
  }

  /** Sends a PDU with an arbitrary body. @returns its seq_num */
  sendRaw(commandId: number, body: Uint8Array, seqNum = this.nextSeqNum()): number {
    this.rules.sent(commandId, seqNum);
    void this.#raw.send(encodeRawPdu(commandId, body, seqNum));
    return seqNum;
  }

  /** Sends a request and takes its answer, found as the client finds it: by seq_num. */
  async ask<P extends object, M extends object>(
    request: Command<object, P>,
    answer: Command<M, never>,
    body: NoInfer<P>,
    expected?: NoInfer<Expected<M>>,
  ): Promise<M> {
    return this.answer(answer, this.send(request, body), expected);
  }

  /** Takes the answer to a request sent with this seq_num. */
  async answer<M extends object>(
    command: Command<M, never>,
    seqNum: number,
    expected?: NoInfer<Expected<M>>,
  ): Promise<M> {
    const bySeqOnly = this.#bySeqOnly && seqNum !== 0;
    const frame = await this.#raw.take(
      (each) => each.seqNum === seqNum && (bySeqOnly || each.commandId === command.id),
      this.#deadlineMs,
    );
    if (!frame) throw this.#missing(command.id, [`answer to seq_num ${seqNum}`]);
    check(frame.commandId === command.id, `${this.label} takes ${nameOf(frame.commandId)} for its answer`);
    const message = decodeBody(command, frame.body);
    if (expected) expectMatch(message, expected, `${this.label} got ${nameOf(command.id)}`);
    return message;
  }

  /** Takes the first PDU of a command that is as expected; other PDUs of the command stay. */
  async get<M extends object>(command: Command<M, never>, expected?: NoInfer<Expected<M>>): Promise<M> {
    const misses: string[] = [];
    const fits = (frame: Frame) => {
      if (frame.commandId !== command.id) return false;
      const problem = expected && difference(decodeBody(command, frame.body), expected);
      if (problem && !misses.includes(problem)) misses.push(problem);
      return !problem;
    };
    const frame = await this.#raw.take(fits, this.#deadlineMs);
    if (!frame) throw this.#missing(command.id, misses);
    return decodeBody(command, frame.body);
  }

  /** Sends a unique command to the user's clients, for `World.fence`. @returns what identifies it */
  sendFence(toUserId: number): { readonly cmdMsgData: string } {
    const cmdMsgData = `${fenceMark}${randomUUID()}`;
    this.send(C.SwitchP2pCmd, { fromUserId: 0, toUserId, cmdMsgData });
    return { cmdMsgData };
  }

  /** Takes a fence; an original may not deliver it. */
  async takeFence(fence: { readonly cmdMsgData: string }): Promise<void> {
    if (!this.#legacy) {
      await this.get(C.SwitchP2pCmd, fence);
      return;
    }
    await this.#raw.take(
      (frame) => frame.commandId === C.SwitchP2pCmd.id && frame.body.includes(fence.cmdMsgData),
      Math.min(legacyFenceMs, this.#deadlineMs),
    );
    await this.probe();
  }

  /** Whether a PDU is a fence that was taken before: an original delivers some twice. */
  #isFence({ commandId, body }: Frame): boolean {
    return this.#legacy && commandId === C.SwitchP2pCmd.id && body.includes(fenceMark);
  }

  /**
   * Asks for the server's time: when this returns, everything sent before has been taken in, in order. Messages and read
   * marks may still be on their way to the store; the client's next request to the store waits for them.
   */
  async probe(): Promise<void> {
    await this.ask(C.MsgTimeRequest, C.MsgTimeResponse, {});
  }

  /**
   * Checks that no PDU of this command, as described by `such`, has come without being taken. Call `probe` or
   * `World.fence` first, so that whatever could cause one is over.
   */
  expectNone<M extends object>(command: Command<M, never>, such?: NoInfer<Expected<M>>): void {
    const frame = this.#raw.received.find((each) => {
      if (each.commandId !== command.id || this.#isFence(each)) return false;
      return !such || !difference(decodeBody(command, each.body), such);
    });
    if (!frame) return;
    const body = JSON.stringify(decodeBody(command, frame.body));
    check(false, `${this.label} got ${nameOf(command.id)}, which nobody should have sent: ${body}`);
  }

  /** Checks that nothing has come without being taken, except what other users may cause at any time. */
  expectNothingMore(): void {
    const frame = this.#raw.received.find((each) => !ambient.has(each.commandId) && !this.#isFence(each));
    check(frame === undefined, `${this.label} got ${nameOf(frame?.commandId ?? 0)} that nobody expected`);
  }

  /** Discards everything that has come and was not taken. */
  forget(): void {
    this.#raw.received.length = 0;
  }

  /** Waits until the server closes the connection. */
  async expectEnd(): Promise<void> {
    check(
      await this.#raw.ended(this.#deadlineMs),
      `the server did not close the connection of ${this.label}`,
    );
  }

  /** Logs in, which must succeed. */
  async logIn(user: User, clientVersion?: string): Promise<void> {
    const seqNum = this.sendLogin(user, clientVersion);
    // The rules check the user id of this answer already.
    this.rules.userId = user.id;
    await this.answer(C.LoginResUserlogin, seqNum, {
      resultCode: loggedIn,
      userInfo: (info) => info !== undefined && info !== null && info.userId === user.id,
    });
    this.#user = user;
  }

  /** Sends a login. @returns its seq_num */
  sendLogin(
    { name, passwordMd5 }: Pick<User, 'name' | 'passwordMd5'>,
    clientVersion = 'conformance',
  ): number {
    return this.send(C.LoginReqUserlogin, {
      userName: name,
      password: passwordMd5,
      onlineStatus: 1,
      clientType: this.profile.clientType,
      clientVersion,
    });
  }

  /** Logs out, so that the user is offline when the next case begins. */
  async leave(): Promise<void> {
    if (!this.isLoggedIn) {
      this.#raw.close();
      return;
    }
    this.#raw.socket.resume();
    this.send(C.LoginReqLoginout, {});
    await this.#raw.ended(this.#deadlineMs);
    this.#raw.close();
  }

  #missing(commandId: number, details: readonly string[]): Error {
    const why = this.isOpen ? `within ${this.#deadlineMs} ms` : 'before the connection ended';
    const more = details.length > 0 ? ` (${details.slice(0, 3).join('; ')})` : '';
    return new Error(`${this.label} got no ${nameOf(commandId)} ${why}${more}`);
  }
}
