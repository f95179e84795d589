import { apps as appService, type ReplicaPool } from '@teamtalk/rpc';
import { type App, mayComeFrom, type Permission } from './app.js';
import type { AppDirectory } from './app-directory.js';
import { isSigned, type SignatureHeaders, type SignedRequest } from './signature.js';

/** Why a call is not served. */
export type Refusal =
  /** no key where one is needed, one nobody has, or a signature that is not right, not new or too old */
  | 'key'
  | 'permission'
  | 'address'
  /** the app may not speak as this user */
  | 'sender'
  | 'rate'
  /** whether the call may be made cannot be told now */
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

/** Milliseconds the store has to say whether a nonce is new. */
const nonceMs = 700;

/** Checks who calls, and whether that may be. */
export class Access {
  readonly #options: AccessOptions;

  constructor(options: AccessOptions) {
    this.#options = options;
  }

  /**
   * The app that calls; undefined when it shows neither a key nor a signature.
   * @param refreshIfUnknown false where a key nobody has is no reason to wait: the call is served anyway
   */
  async identify(
    { key, signature, request }: Credentials,
    refreshIfUnknown = true,
  ): Promise<App | undefined | Refusal> {
    const { directory } = this.#options;
    if (signature) return this.#signed(signature, request);
    if (key === undefined) return undefined;
    return (await directory.byKey(key, refreshIfUnknown)) ?? 'key';
  }

  async #signed(signature: SignatureHeaders, request: SignedRequest): Promise<App | Refusal> {
    const { directory, pool } = this.#options;
    const app = await directory.byName(signature.app);
    if (!app?.signingKey || !isSigned(signature, request, app.signingKey)) return 'key';
    try {
      const nonce = Buffer.from(signature.nonce);
      // Asked once: a second question would find the nonce used, by the first one.
      const { fresh } = await pool.callOnce(appService.useNonce, { appId: app.id, nonce }, nonceMs);
      return fresh ? app : 'key';
    } catch {
      return 'unavailable';
    }
  }
}

/** What a call is checked for once it is known who calls. */
export interface Claim {
  permission: Permission;
  /** where it comes from */
  address: string | undefined;
  /** the user in whose name; undefined: nobody's */
  sender?: number | undefined;
}

/** @returns why the app may not make this call; undefined when it may, and then it counts for its rate */
export function refusalOf(app: App, { permission, address, sender }: Claim): Refusal | undefined {
  if (app.permissions && !app.permissions.has(permission)) return 'permission';
  if (!mayComeFrom(app, address)) return 'address';
  if (app.userId !== undefined && sender !== undefined && sender !== app.userId) return 'sender';
  if (app.bucket && !app.bucket.take()) return 'rate';
  return undefined;
}
