import { createPrivateKey, type KeyObject } from 'node:crypto';
import type { FetchedToken } from '../cached-token.js';
import type { HttpsClient } from '../https-client.js';
import { signedToken } from '../jwt.js';
import { fetchAccessToken } from '../oauth.js';

/** Of a service account's file. */
export interface ServiceAccount {
  projectId: string;
  clientEmail: string;
  /** PEM, RSA */
  privateKey: string;
  tokenUri: string;
}

const scope = 'https://www.googleapis.com/auth/firebase.messaging';
/** Life that is asked for, seconds; Google gives no more. */
const lifeSeconds = 3_600;

/** @throws Error when the account's key cannot be read, or is not an RSA key */
export function keyOf(account: ServiceAccount): KeyObject {
  const key = createPrivateKey(account.privateKey);
  if (key.asymmetricKeyType !== 'rsa') throw new Error('the key of a service account must be an RSA key');
  return key;
}

/** Fetches an access token for a service account (RFC 7523). @throws as `fetchAccessToken` */
export function accountToken(
  client: HttpsClient,
  { clientEmail: iss, tokenUri: aud }: ServiceAccount,
  key: KeyObject,
  now: number,
  ms: number,
): Promise<FetchedToken> {
  const iat = Math.floor(now / 1_000);
  const assertion = signedToken({ typ: 'JWT' }, { iss, scope, aud, iat, exp: iat + lifeSeconds }, key);
  const form = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion };
  return fetchAccessToken(client, new URL(aud), form, ms);
}
