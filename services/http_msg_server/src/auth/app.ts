import { TokenBucket } from '@teamtalk/administration';
import { Networks } from '@teamtalk/net';
import type { httpApi } from '@teamtalk/rpc';
import type { AppPermission } from '@teamtalk/rpc/app-permissions';

/** An internal system that calls the API, with its permissions. */
export interface App {
  /** 0: an app from the configuration, not the database */
  readonly id: number;
  readonly name: string;
  /** undefined: all */
  readonly permissions: ReadonlySet<string> | undefined;
  /** undefined: any address */
  readonly addresses: Networks | undefined;
  /** the only user it may act as; undefined: any */
  readonly userId: number | undefined;
  /** undefined: no limit of calls per second */
  readonly bucket: TokenBucket | undefined;
  /** set for an app that signs its requests */
  readonly signingKey: Buffer | undefined;
}

/** An app whose key is in APP_KEYS; it may do everything. */
export function configuredApp(name: string): App {
  return {
    id: 0,
    name,
    permissions: undefined,
    addresses: undefined,
    userId: undefined,
    bucket: undefined,
    signingKey: undefined,
  };
}

export function appOf(app: httpApi.api.App): App {
  return {
    id: app.appId,
    name: app.name,
    permissions: new Set(app.permissions),
    addresses: app.addresses.length > 0 ? Networks.parse(app.name, app.addresses.join()) : undefined,
    userId: app.userId === 0 ? undefined : app.userId,
    bucket: app.rate > 0 ? new TokenBucket(app.rate) : undefined,
    signingKey: app.signingKey.length > 0 ? Buffer.from(app.signingKey) : undefined,
  };
}

export function isAllowed({ permissions }: App, permission: AppPermission): boolean {
  return permissions?.has(permission) ?? true;
}

/** @param address the caller's; IPv4 may be mapped to IPv6, as Node does on a dual-stack socket */
export function mayComeFrom({ addresses }: App, address: string | undefined): boolean {
  return !addresses || (address !== undefined && addresses.includes(address));
}
