import { Commands, type IM } from '@teamtalk/protocol';
import { requireDone } from './errors.js';
import type { Requester } from './requester.js';

/** One of the user's connections, of whatever client type. */
export type Login = IM.BaseDefine.LoginInfo.$Properties;

/**
 * The user's other logins (client-behaviour.md#logging-out-elsewhere). The requests fail like other requests, and with
 * DeadlineExceeded if the server does not support them.
 */
export class Logins {
  readonly #requester: Requester;

  constructor(requester: Requester) {
    this.#requester = requester;
  }

  /** Lists the user's connections (0x0803), including this one, oldest first. */
  async list(): Promise<Login[]> {
    const { loginList } = await this.#requester.request(
      Commands.ExtListLoginsReq,
      Commands.ExtListLoginsRsp,
      {},
    );
    return loginList ?? [];
  }

  /**
   * Logs out other connections (0x0805). This does not prevent a new login with the password.
   *
   * @param ids `loginId`s from `list`, at most 50
   * @throws Refused when one of them has already ended, or is this connection; then none is ended
   */
  async end(...ids: [string, ...string[]]): Promise<void> {
    await this.#end(ids);
  }

  /** Logs out all other connections, and ends pushes to devices that are not connected. */
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
