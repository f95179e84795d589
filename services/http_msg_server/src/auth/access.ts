import { type Actor, anybody } from '@teamtalk/administration';
import { apps as appService, type ReplicaPool } from '@teamtalk/rpc';
import type { AppPermission } from '@teamtalk/rpc/app-permissions';
import { type App, isAllowed, mayComeFrom } from './app.js';
import type { AppDirectory } from './app-directory.js';
import { isSigned, type SignatureHeaders, type SignedRequest } from './signature.js';

/** Why a call is refused. */
export type Refusal =
  /** a missing or unknown key, or an invalid, replayed or expired signature */
  | 'key'
  | 'permission'
  | 'address'
  /** the app may not act as this user */
  | 'sender'
  | 'rate'
  /** the store could not be asked */
  | 'unavailable';

export interface Credentials {
  readonly key: string | undefined;
  readonly signature: SignatureHeaders | undefined;
  readonly request: SignedRequest;
}

export interface AccessOptions {
  directory: AppDirectory;
  pool: ReplicaPool;
}

/** Milliseconds the store has to check a nonce. */
const nonceMs = 700;

/** Authenticates callers. */
export class Access {
  readonly #options: AccessOptions;

  constructor(options: AccessOptions) {
    this.#options = options;
  }

  /**
   * The calling app; undefined when the call has neither a key nor a signature.
   * @param refreshIfUnknown whether an unknown key is worth refreshing the directory; false where the call is served
   * anyway
   */
  async identify(
    { key, signature, request }: Credentials,
    refreshIfUnknown = true,
  ): Promise<App | undefined | Refusal> {
    if (signature) return this.#signed(signature, request);
    if (key === undefined) return undefined;
    return (await this.byKey(key, refreshIfUnknown)) ?? 'key';
  }

  /** @param refreshIfUnknown as for `identify` */
  byKey(key: string, refreshIfUnknown: boolean): Promise<App | undefined> {
    return this.#options.directory.byKey(key, refreshIfUnknown);
  }

  async #signed(signature: SignatureHeaders, request: SignedRequest): Promise<App | Refusal> {
    const { directory, pool } = this.#options;
    const app = await directory.byName(signature.app);
    if (!app?.signingKey || !isSigned(signature, request, app.signingKey)) return 'key';
    try {
      const nonce = Buffer.from(signature.nonce);
      // Not retried: a second attempt would find the nonce used by the first.
      const { fresh } = await pool.callOnce(appService.useNonce, { appId: app.id, nonce }, nonceMs);
      return fresh ? directory.noted(app) : 'key';
    } catch {
      return 'unavailable';
    }
  }
}

/** The permissions that an operation asks for; one suffices. */
export interface Requirement {
  /** an app that has it acts as a user, or does what concerns no user */
  readonly permission: AppPermission;
  /** an app that has it is an administrator here: it may act as any user, and is not held to that user's rights */
  readonly administration?: AppPermission;
}

/** @param app undefined: a caller without a key */
export function actorOf(app: App | undefined, address: string | undefined): Actor {
  return { name: app ? `app ${app.name}` : anybody, asUser: app?.userId ?? 0, source: address ?? '' };
}

/** Who makes an authenticated call. */
export interface Caller {
  /** the caller's IP address */
  address: string | undefined;
  /** the user to act as; undefined: none */
  sender?: number | undefined;
}

/**
 * @returns why the app may not make this call; otherwise whether it makes it as an administrator, and then the call counts
 * towards the app's rate
 */
export function authorize(
  app: App,
  requirement: Requirement,
  { address, sender }: Caller,
): Refusal | { administers: boolean } {
  const early = refusalBeforeBody(app, requirement, address);
  if (early) return early;
  const { administration } = requirement;
  const administers = administration !== undefined && isAllowed(app, administration);
  const isOther = app.userId !== undefined && sender !== undefined && sender !== app.userId;
  if (isOther && !administers) return 'sender';
  if (app.bucket && !app.bucket.take()) return 'rate';
  return { administers };
}

/** The part of `authorize` that needs no body. */
export function refusalBeforeBody(
  app: App,
  { permission, administration }: Requirement,
  address: string | undefined,
): Refusal | undefined {
  const administers = administration !== undefined && isAllowed(app, administration);
  if (!administers && !isAllowed(app, permission)) return 'permission';
  return mayComeFrom(app, address) ? undefined : 'address';
}
