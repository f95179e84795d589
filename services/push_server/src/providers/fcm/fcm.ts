import { type Reach, TokenProvider } from '../token-provider.js';
import { accountToken, keyOf, type ServiceAccount } from './access-token.js';
import { outcomeOf } from './fcm-answer.js';
import { fcmMessage } from './fcm-message.js';

export interface FcmOptions extends Reach {
  /** https://fcm.googleapis.com */
  origin: string;
  account: ServiceAccount;
}

/** Firebase Cloud Messaging, HTTP v1: JSON, with the access token of a service account. */
export class Fcm extends TokenProvider {
  /** @throws Error when the account's key cannot be read */
  constructor({ origin, account, ...reach }: FcmOptions) {
    const { now = Date.now } = reach;
    const key = keyOf(account);
    const url = new URL(`/v1/projects/${encodeURIComponent(account.projectId)}/messages:send`, origin);
    super(
      {
        name: 'fcm',
        fetchToken: (client, ms) => accountToken(client, account, key, now(), ms),
        request: (notification, token) => ({
          url,
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          body: fcmMessage(notification, now()),
        }),
        outcomeOf: (answer) => {
          const outcome = outcomeOf(answer);
          return answer.status === 401 && outcome.kind === 'blocked' ? undefined : outcome;
        },
      },
      reach,
    );
  }
}
