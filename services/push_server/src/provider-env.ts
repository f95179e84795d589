import { type EnvValues, env } from '@teamtalk/service-kit';

/** The variables of providers. Each provider is off without its key. */
export const providerEnv = {
  ANDROID_PUSH_DEFAULT: env.choice(
    ['fcm', 'hms', 'honor', 'xiaomi', 'oppo', 'vivo', 'unifiedpush'],
    'fcm',
    'Provider of Android tokens without a prefix',
  ),
  PUSH_CA_FILE: env.string(
    '',
    'CA certificates (PEM) for connections to providers, besides the public ones; for a proxy that intercepts TLS, or a UnifiedPush server of the company',
  ),
  PUSH_PROXY: env.url(
    '',
    ['http:'],
    'HTTP proxy (CONNECT) for connections to providers, http://host:port or http://user:password@host:port; not used for UnifiedPush servers, which are the company’s own; empty: none',
  ),
  APNS_KEY: env.string(
    '',
    'Apple key that signs for APNs (the text of the .p8 file); empty: no pushes to iOS',
  ),
  APNS_KEY_ID: env.string('', 'Key id, 10 characters'),
  APNS_TEAM_ID: env.string('', 'Team id in the Apple developer account, 10 characters'),
  APNS_TOPIC: env.string('', 'Bundle id of the iOS app'),
  APNS_URL: env.string(
    'https://api.push.apple.com',
    'Address of APNs; https://api.sandbox.push.apple.com for apps installed by Xcode',
  ),
  FCM_SERVICE_ACCOUNT: env.string(
    '',
    'Key of a Google service account (the text of its JSON file) that may send for the Firebase project; empty: no pushes by FCM',
  ),
  FCM_URL: env.string('https://fcm.googleapis.com', 'Address of FCM'),
  WEBPUSH_KEY: env.string(
    '',
    'EC key on curve P-256 (PEM) that signs for Web Push and UnifiedPush; clients subscribe with its public key; empty: neither',
  ),
  WEBPUSH_SUBJECT: env.string(
    '',
    'mailto: or https: address at which push services can contact the operator of this installation',
  ),
  WEBPUSH_HOSTS: env.string(
    'fcm.googleapis.com,updates.push.services.mozilla.com,*.push.apple.com,*.notify.windows.com',
    'Hosts of browsers’ push services, separated by commas; nothing is sent to other hosts, or to ports other than 443 unless they are named as in host:8443',
  ),
  UNIFIEDPUSH_HOSTS: env.string(
    '',
    'Hosts of UnifiedPush servers, separated by commas; nothing is sent to other hosts, except that of PUSH_SERVICE_URL, or to ports other than 443 unless they are named as in host:8443; empty: none',
  ),
  PUSH_SERVICE_URL: env.url(
    '',
    ['https:'],
    'Address at which phones reach push_server’s built-in push service, such as https://push.example.com; empty: off',
  ),
  ANDROID_BADGE_CLASS: env.string(
    '',
    'Launcher activity of the Android app, such as com.example.MainActivity, whose icon gets the badge with banners of Huawei and Honor; empty: no badge',
  ),
  HMS_CLIENT_ID: env.string('', 'Client id (app id) at Huawei’s AppGallery Connect; empty: no pushes by HMS'),
  HMS_CLIENT_SECRET: env.string('', 'Client secret at Huawei'),
  HMS_PROJECT_ID: env.string('', 'Project id at Huawei; selects version 2 of its API; empty: version 1'),
  HMS_URL: env.string('https://push-api.cloud.huawei.com', 'Address of Huawei Push Kit'),
  HMS_TOKEN_URL: env.string(
    'https://oauth-login.cloud.huawei.com/oauth2/v3/token',
    'Token endpoint of Huawei',
  ),
  HONOR_APP_ID: env.string('', 'App id at Honor; empty: no pushes by Honor (experimental)'),
  HONOR_CLIENT_ID: env.string('', 'Client id at Honor'),
  HONOR_CLIENT_SECRET: env.string('', 'Client secret at Honor'),
  HONOR_URL: env.string('https://push-api.cloud.honor.com', 'Address of Honor Push'),
  HONOR_TOKEN_URL: env.string('https://iam.developer.honor.com/auth/token', 'Token endpoint of Honor'),
  XIAOMI_APP_SECRET: env.string('', 'AppSecret at Xiaomi; empty: no pushes by Xiaomi'),
  XIAOMI_PACKAGE: env.string('', 'Package name of the app at Xiaomi; empty: that of each device'),
  XIAOMI_CHANNEL_ID: env.string(
    '',
    'Channel that Xiaomi has approved for private messages; empty: none, so a daily quota applies',
  ),
  XIAOMI_URL: env.string(
    'https://api.xmpush.xiaomi.com',
    'Address of Xiaomi Push; https://api.xmpush.global.xiaomi.com outside of China',
  ),
  OPPO_APP_KEY: env.string('', 'AppKey at OPPO; empty: no pushes by OPPO'),
  OPPO_MASTER_SECRET: env.string('', 'MasterSecret at OPPO'),
  OPPO_CHANNEL_ID: env.string(
    '',
    'Channel that OPPO has approved for communication and service; empty: none, so a daily quota applies',
  ),
  OPPO_URL: env.string(
    'https://api.push.oppomobile.com',
    'Address of OPPO Push; https://api-intl.push.oppomobile.com outside of China',
  ),
  VIVO_APP_ID: env.string('', 'AppID at vivo; empty: no pushes by vivo (experimental)'),
  VIVO_APP_KEY: env.string('', 'AppKey at vivo'),
  VIVO_APP_SECRET: env.string('', 'AppSecret at vivo'),
  VIVO_URL: env.string('https://api-push.vivo.com.cn', 'Address of vivo Push'),
};

/** The variables of each provider's credential that can be stored. */
export const credentialVariables = {
  apns: ['APNS_KEY', 'APNS_KEY_ID', 'APNS_TEAM_ID', 'APNS_TOPIC'],
  fcm: ['FCM_SERVICE_ACCOUNT'],
  hms: ['HMS_CLIENT_ID', 'HMS_CLIENT_SECRET', 'HMS_PROJECT_ID'],
  honor: ['HONOR_APP_ID', 'HONOR_CLIENT_ID', 'HONOR_CLIENT_SECRET'],
  xiaomi: ['XIAOMI_APP_SECRET', 'XIAOMI_PACKAGE', 'XIAOMI_CHANNEL_ID'],
  oppo: ['OPPO_APP_KEY', 'OPPO_MASTER_SECRET', 'OPPO_CHANNEL_ID'],
  vivo: ['VIVO_APP_ID', 'VIVO_APP_KEY', 'VIVO_APP_SECRET'],
  webpush: ['WEBPUSH_KEY', 'WEBPUSH_SUBJECT'],
} as const satisfies Record<string, readonly (keyof ProviderVariables)[]>;

export type CredentialName = keyof typeof credentialVariables;
export const credentialNames = Object.keys(credentialVariables) as CredentialName[];

export type ProviderVariables = EnvValues<typeof providerEnv>;
