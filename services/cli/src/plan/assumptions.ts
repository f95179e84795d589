/** What nobody can measure for an installation that is still to come: how its people will use it, and what is kept free. */
interface Assumption {
  flags: string;
  description: string;
  preset: number;
  min: number;
  max: number;
  whole?: true;
}

/** Each by the name that its option has in camel case. */
export const assumptions = {
  onlineShare: {
    flags: '--online-share <share>',
    description: 'users who are online at the busiest time',
    preset: 0.6,
    min: 0,
    max: 1,
  },
  devices: {
    flags: '--devices <n>',
    description: 'connections of a user who is online',
    preset: 1.3,
    min: 1,
    max: 20,
  },
  messagesPerUserDay: {
    flags: '--messages-per-user-day <n>',
    description: 'messages that a user sends a day',
    preset: 40,
    min: 0,
    max: 100_000,
  },
  peakFactor: {
    flags: '--peak-factor <n>',
    description: 'the busiest second, as a multiple of the mean over 24 hours',
    preset: 10,
    min: 1,
    max: 10_000,
  },
  groupShare: {
    flags: '--group-share <share>',
    description: 'messages that go to a group',
    preset: 0.4,
    min: 0,
    max: 1,
  },
  members: {
    flags: '--members <n>',
    description: 'members of a group, on average over the messages',
    preset: 30,
    min: 2,
    max: 10_000,
  },
  loginsPerUserDay: {
    flags: '--logins-per-user-day <n>',
    description: 'logins of a user a day, reconnections included',
    preset: 6,
    min: 0,
    max: 10_000,
  },
  sessionsPerLogin: {
    flags: '--sessions-per-login <n>',
    description: 'conversations in the lists that a client asks for after a login',
    preset: 30,
    min: 0,
    max: 1_000,
  },
  messageBytes: {
    flags: '--message-bytes <n>',
    description:
      'stored data of a message: an encrypted text, or audio; files and images are in the object store',
    preset: 128,
    min: 1,
    max: 1_000_000,
  },
  retention: {
    flags: '--retention <days>',
    description: 'days for which messages are kept; the services delete none',
    preset: 365,
    min: 1,
    max: 36_500,
  },
  tlsShare: {
    flags: '--tls-share <share>',
    description: 'connections whose TLS ends in msg_server, not in front of it',
    preset: 0,
    min: 0,
    max: 1,
  },
  utilisation: {
    flags: '--utilisation <share>',
    description: 'CPU of a process at the busiest time, of the one core that Node uses; the target of k8s/',
    preset: 0.7,
    min: 0.1,
    max: 0.95,
  },
  spare: {
    flags: '--spare <n>',
    description: 'replicas of each service that may be missing at the busiest time',
    preset: 1,
    min: 0,
    max: 100,
    whole: true,
  },
  connectionsPerMsgServer: {
    flags: '--connections-per-msg-server <n>',
    description: 'connections of one msg_server; the target of k8s/',
    preset: 14_000,
    min: 1,
    max: 1_000_000,
    whole: true,
  },
  coreSpeed: {
    flags: '--core-speed <n>',
    description:
      'speed of a core beside the AMD EPYC of the reports: rows/s of the floor that `npm run bench` prints, by 80,000',
    preset: 1,
    min: 0.1,
    max: 20,
  },
  walFactor: {
    flags: '--wal-factor <n>',
    description: 'bytes of WAL for a byte stored (not measured)',
    preset: 3,
    min: 1,
    max: 100,
  },
} as const satisfies Record<string, Assumption>;

export type AssumptionName = keyof typeof assumptions;
export type Assumptions = Record<AssumptionName, number>;

export const assumptionNames = Object.keys(assumptions) as AssumptionName[];

/** All assumptions, those that are not given as they are preset. */
export function withPresets(given: Partial<Assumptions> = {}): Assumptions {
  return Object.fromEntries(
    assumptionNames.map((name) => [name, given[name] ?? assumptions[name].preset]),
  ) as Assumptions;
}
