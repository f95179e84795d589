import { ClientError, LoginRefused, md5Hex } from '@teamtalk/client';

/** The credentials of a login, the password as its MD5. */
export interface SavedLogin {
  name: string;
  passwordMd5: string;
}

const storageKey = 'teamtalk-login';

export function loginOf(name: string, password: string): SavedLogin {
  return { name, passwordMd5: md5Hex(password) };
}

/** Stored for this tab only, so that a reload does not ask for the password. */
export const savedLogin = {
  get(): SavedLogin | undefined {
    try {
      const { name, passwordMd5 } = JSON.parse(sessionStorage.getItem(storageKey) ?? 'null') ?? {};
      return typeof name === 'string' && typeof passwordMd5 === 'string' ? { name, passwordMd5 } : undefined;
    } catch {
      return undefined;
    }
  },
  set(login: SavedLogin): void {
    sessionStorage.setItem(storageKey, JSON.stringify(login));
  },
  clear(): void {
    sessionStorage.removeItem(storageKey);
  },
};

export type LoginFailure = 'credentials' | 'busy' | 'unreachable' | 'refused';

export function failureOf(error: unknown): LoginFailure {
  if (error instanceof LoginRefused) {
    if (error.resultCode === 6) return 'credentials';
    return error.isTransient ? 'busy' : 'refused';
  }
  return error instanceof ClientError ? 'unreachable' : 'refused';
}

/** Whether a retry may succeed. */
export function isTemporary(failure: LoginFailure): boolean {
  return failure === 'busy' || failure === 'unreachable';
}
