import { Commands, type IM } from '@teamtalk/protocol';
import { requireDone } from './errors.js';
import type { Requester } from './requester.js';

/** One of the user's connections, whatever their client. */
export type Login = IM.BaseDefine.LoginInfo.$Properties;

/**
 * Where else the user is logged in (client-behaviour.md#logging-out-elsewhere). The requests fail as those of the client do, and,
 * at a server that does not know them, with DeadlineExceeded.
 */
export class Logins {
  readonly #requester: Requester;

  constructor(requester: Requester) {
    this.#requester = requester;
  }

  /** The user's connections (0x0803), this one among them, the oldest first. */
  async list(): Promise<Login[]> {
    const { loginList } = await this.#requester.request(
      Commands.ExtListLoginsReq,
      Commands.ExtListLoginsRsp,
      {},
    );
    return loginList ?? [];
  }

  /**
   * Logs out there (0x0805). Whoever has the password may log in again.
   *
   * @param ids `loginId`s of the list, at most 50
   * @throws Refused when one of them is over already, or is this connection; then none is ended
   */
  async end(...ids: [string, ...string[]]): Promise<void> {
    await this.#end(ids);
  }

  /** Logs out everywhere else; devices that are not connected are not told of messages any more either. */
  async endOthers(): Promise<void> {
    await this.#end([]);
  }

  async #end(loginIdList: string[]): Promise<void> {
    const { resultCode } = await this.#requester.request(Commands.ExtEndLoginsReq, Commands.ExtEndLoginsRsp, {
      loginIdList,
    });
    requireDone('logging out elsewhere', resultCode);
  }
}
