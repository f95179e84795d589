import { Commands } from '@teamtalk/protocol';
import { requireDone } from './errors.js';
import type { Requester } from './requester.js';

/** What users set for themselves. The requests fail as those of the client do, and with `Refused`. */
export class Settings {
  readonly #requester: Requester;

  constructor(requester: Requester) {
    this.#requester = requester;
  }

  /** The user's signature (0x0213), at most 128 characters; everybody is told. @throws Refused when it is longer */
  async setSignature(text: string): Promise<void> {
    const { resultCode } = await this.#requester.request(
      Commands.BuddyListChangeSignInfoRequest,
      Commands.BuddyListChangeSignInfoResponse,
      { userId: this.#requester.userId, signInfo: text },
    );
    requireDone('changing the signature', resultCode);
  }

  /** The URL of the user's picture (0x020c), at most 1,024 characters; everybody is told. @throws Refused when it is longer */
  async setAvatar(url: string): Promise<void> {
    const { resultCode } = await this.#requester.request(
      Commands.BuddyListChangeAvatarRequest,
      Commands.BuddyListChangeAvatarResponse,
      { userId: this.#requester.userId, avatarUrl: url },
    );
    requireDone('changing the picture', resultCode);
  }

  /** Whether phones are not told of messages from 22:00 to 07:00 (0x010e). */
  async doNotDisturb(): Promise<boolean> {
    const { resultCode, shieldStatus } = await this.#requester.request(
      Commands.LoginReqQueryPushShield,
      Commands.LoginResQueryPushShield,
      { userId: this.#requester.userId },
    );
    requireDone('asking for the setting', resultCode);
    return shieldStatus === 1;
  }

  /** Sets `doNotDisturb` (0x010c). */
  async setDoNotDisturb(isOn: boolean): Promise<void> {
    const { resultCode } = await this.#requester.request(
      Commands.LoginReqPushShield,
      Commands.LoginResPushShield,
      { userId: this.#requester.userId, shieldStatus: isOn ? 1 : 0 },
    );
    requireDone('changing the setting', resultCode);
  }

  /**
   * The token with which this phone is told of messages (0x0108); an empty one: none. For logins as iOS or Android: others,
   * and an invalid token, get no response.
   *
   * @throws DeadlineExceeded
   */
  async setPushToken(token: string): Promise<void> {
    const { userId } = this.#requester;
    await this.#requester.request(Commands.LoginReqDevicetoken, Commands.LoginResDevicetoken, {
      userId,
      deviceToken: token,
    });
  }
}
