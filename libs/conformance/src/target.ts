import { createHash } from 'node:crypto';
import { DEFAULT_TEXT_KEY } from '@teamtalk/protocol';

interface Address {
  host: string;
  port: number;
}

/** The installation under test, and what may be used of it. */
export interface Target {
  /** msg_servers of one installation; with several, clients of a case are spread over them */
  servers: readonly Address[];
  /** milliseconds any answer may take */
  deadlineMs: number;
  /** an original server is looked at: what is known of it stops no case */
  legacy?: boolean;
  /** the key of message texts, 32 bytes */
  textKey: string;
  /** base URL of the HTTP API, which alone makes normal groups */
  http?: string;
  /** sent with every call of the HTTP API */
  appKey?: string;
  /** login_server by TCP */
  loginTcp?: Address;
  /** base URL of login_server */
  loginHttp?: string;
  /** base URL of msfs */
  msfs?: string;
  /** somebody whose name may be locked for half an hour by wrong passwords, with the users' password */
  lockUser?: string;
}

/** What a case needs besides a msg_server and four users: without it, it is not run. */
export type Need = 'http' | 'loginTcp' | 'loginHttp' | 'msfs' | 'lockUser';

export const defaultDeadlineMs = 5_000;
export const defaultTextKey = DEFAULT_TEXT_KEY;

/** What clients send as a password: the lower-case hex MD5 of it. */
export function passwordDigest(password: string): string {
  return createHash('md5').update(password).digest('hex');
}
