import { Commands } from '@teamtalk/protocol';
import { requireDone } from './errors.js';
import type { Requester } from './requester.js';

/** A user's own settings. The requests fail like other requests, and with `Refused`. */
export class Settings {
  readonly #requester: Requester;

  constructor(requester: Requester) {
    this.#requester = requester;
  }

  /** Sets the user's signature (0x0213), at most 128 characters; everybody is notified. @throws Refused when it is longer */
  async setSignature(text: string): Promise<void> {
    const { resultCode } = await this.#requester.request(
      Commands.BuddyListChangeSignInfoRequest,
      Commands.BuddyListChangeSignInfoResponse,
      { userId: this.#requester.userId, signInfo: text },
    );
    requireDone('changing the signature', resultCode);
  }

  /** Sets the picture's URL (0x020c), at most 1,024 characters; everybody is notified. @throws Refused when it is longer */
  async setAvatar(url: string): Promise<void> {
    const { resultCode } = await this.#requester.request(
      Commands.BuddyListChangeAvatarRequest,
      Commands.BuddyListChangeAvatarResponse,
      { userId: this.#requester.userId, avatarUrl: url },
    );
    requireDone('changing the picture', resultCode);
  }

  /** Whether pushes to the user's phones are off from 22:00 to 07:00 (0x010e). */
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
   * Sets this phone's push token (0x0108); empty: no pushes. Only for logins as iOS or Android: others, and invalid tokens,
   * get no response.
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

  /**
   * Sets where this page's browser receives messages while no page is open (0x0801). Only for web sessions. It holds until
   * the logout, or until the browser ends the subscription.
   *
   * @param subscription the JSON of a `PushSubscription`; undefined removes it
   * @param locale BCP 47, the language of a notification's fixed texts
   * @param timeZone IANA name, the time zone for the hours of `doNotDisturb`
   * @throws Refused when it is not a valid subscription, or the login is not a web session
   */
  async setPushSubscription(
    subscription: string | undefined,
    { locale = '', timeZone = '' }: { locale?: string; timeZone?: string } = {},
  ): Promise<void> {
    const { resultCode } = await this.#requester.request(
      Commands.ExtPushSubscriptionReq,
      Commands.ExtPushSubscriptionRsp,
      { subscription: subscription ?? '', locale, timeZone },
    );
    requireDone('registering for Web Push', resultCode);
  }
}
