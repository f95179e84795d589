import { createHash } from 'node:crypto';
import { DEFAULT_TEXT_KEY } from '@teamtalk/protocol';

interface Address {
  host: string;
  port: number;
}

/** The installation under test, and the parts of it that cases may use. */
export interface Target {
  /** msg_servers of one installation; the clients of a case are spread over them */
  servers: readonly Address[];
  /** longest time of any answer, milliseconds */
  deadlineMs: number;
  /** it is an original server: its known differences do not end a case */
  legacy?: boolean;
  /** the key of message texts, 32 bytes */
  textKey: string;
  /** base URL of the HTTP API, the only way to create normal groups */
  http?: string;
  /** sent with every call of the HTTP API */
  appKey?: string;
  /** login_server by TCP */
  loginTcp?: Address;
  /** base URL of login_server */
  loginHttp?: string;
  /** base URL of msfs */
  msfs?: string;
  /** a user with the others' password, whose name may be locked for half an hour by wrong ones */
  lockUser?: string;
}

/** What a case may need besides a msg_server and four users; without it, the case is not run. */
export type Need = 'http' | 'loginTcp' | 'loginHttp' | 'msfs' | 'lockUser';

export const defaultDeadlineMs = 5_000;
export const defaultTextKey = DEFAULT_TEXT_KEY;

/** A password as clients send it: its MD5 in lower-case hex. */
export function passwordDigest(password: string): string {
  return createHash('md5').update(password).digest('hex');
}
