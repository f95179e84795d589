import { ConfigError } from '@teamtalk/service-kit';
import type { CredentialName, ProviderVariables } from './provider-env.js';
import type { Provider } from './providers/provider.js';
import { Hms, type HmsOptions } from './providers/vendors/hms.js';
import { Honor, type HonorOptions } from './providers/vendors/honor.js';
import { Oppo, type OppoOptions } from './providers/vendors/oppo.js';
import { Vivo, type VivoOptions } from './providers/vendors/vivo.js';
import { Xiaomi, type XiaomiOptions } from './providers/vendors/xiaomi.js';

/** How providers outside the company are reached. */
export interface OutsideReach {
  /** CA certificates in PEM, the public ones among them; undefined: these alone */
  ca: string | undefined;
  /** undefined: none */
  proxy: URL | undefined;
}

/** Configuration of Android phone vendors; undefined: off. */
export interface VendorConfig {
  hms: HmsOptions | undefined;
  honor: HonorOptions | undefined;
  xiaomi: XiaomiOptions | undefined;
  oppo: OppoOptions | undefined;
  vivo: VivoOptions | undefined;
}

/** @throws ConfigError that lists missing variables */
export function vendorConfig(values: ProviderVariables, reach: OutsideReach): VendorConfig {
  const badgeClass = values.ANDROID_BADGE_CLASS;
  return {
    hms: hmsOptions(values, badgeClass, reach),
    honor: honorOptions(values, badgeClass, reach),
    xiaomi: xiaomiOptions(values, reach),
    oppo: oppoOptions(values, reach),
    vivo: vivoOptions(values, reach),
  };
}

export function startVendors(
  { hms, honor, xiaomi, oppo, vivo }: VendorConfig,
  wants: (name: CredentialName) => boolean,
): Provider[] {
  return [
    ...(hms && wants('hms') ? [new Hms(hms)] : []),
    ...(honor && wants('honor') ? [new Honor(honor)] : []),
    ...(xiaomi && wants('xiaomi') ? [new Xiaomi(xiaomi)] : []),
    ...(oppo && wants('oppo') ? [new Oppo(oppo)] : []),
    ...(vivo && wants('vivo') ? [new Vivo(vivo)] : []),
  ];
}

/** @throws ConfigError that lists variables which are empty although another one requires them */
export function requireWith(variable: string, needed: Readonly<Record<string, string>>): void {
  const missing = Object.entries(needed)
    .filter(([, value]) => value === '')
    .map(([name]) => `${name}: required by ${variable}`);
  if (missing.length > 0) throw new ConfigError(missing);
}

function hmsOptions(
  values: ProviderVariables,
  badgeClass: string,
  reach: OutsideReach,
): HmsOptions | undefined {
  const { HMS_CLIENT_ID: clientId, HMS_CLIENT_SECRET: clientSecret, HMS_PROJECT_ID: projectId } = values;
  if (clientId === '') return undefined;
  requireWith('HMS_CLIENT_ID', { HMS_CLIENT_SECRET: clientSecret });
  const address = { origin: values.HMS_URL, tokenUrl: values.HMS_TOKEN_URL };
  return { ...address, clientId, clientSecret, projectId, badgeClass, ...reach };
}

function honorOptions(
  values: ProviderVariables,
  badgeClass: string,
  reach: OutsideReach,
): HonorOptions | undefined {
  const { HONOR_APP_ID: appId, HONOR_CLIENT_ID: clientId, HONOR_CLIENT_SECRET: clientSecret } = values;
  if (appId === '') return undefined;
  requireWith('HONOR_APP_ID', { HONOR_CLIENT_ID: clientId, HONOR_CLIENT_SECRET: clientSecret });
  const address = { origin: values.HONOR_URL, tokenUrl: values.HONOR_TOKEN_URL };
  return { ...address, appId, clientId, clientSecret, badgeClass, ...reach };
}

function xiaomiOptions(values: ProviderVariables, reach: OutsideReach): XiaomiOptions | undefined {
  const { XIAOMI_APP_SECRET: appSecret, XIAOMI_PACKAGE: packageName, XIAOMI_CHANNEL_ID: channelId } = values;
  if (appSecret === '') return undefined;
  return { origin: values.XIAOMI_URL, appSecret, packageName, channelId, ...reach };
}

function oppoOptions(values: ProviderVariables, reach: OutsideReach): OppoOptions | undefined {
  const { OPPO_APP_KEY: appKey, OPPO_MASTER_SECRET: masterSecret, OPPO_CHANNEL_ID: channelId } = values;
  if (appKey === '') return undefined;
  requireWith('OPPO_APP_KEY', { OPPO_MASTER_SECRET: masterSecret });
  return { origin: values.OPPO_URL, appKey, masterSecret, channelId, ...reach };
}

function vivoOptions(values: ProviderVariables, reach: OutsideReach): VivoOptions | undefined {
  const { VIVO_APP_ID: appId, VIVO_APP_KEY: appKey, VIVO_APP_SECRET: appSecret } = values;
  if (appId === '') return undefined;
  requireWith('VIVO_APP_ID', { VIVO_APP_KEY: appKey, VIVO_APP_SECRET: appSecret });
  return { origin: values.VIVO_URL, appId, appKey, appSecret, ...reach };
}
