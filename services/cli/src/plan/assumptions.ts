/** A parameter that cannot be measured for a future installation: how people will use it, or how much spare capacity to plan. */
interface Assumption {
  flags: string;
  description: string;
  preset: number;
  min: number;
  max: number;
  whole?: true;
}

/** By the camel-case name of the option. */
export const assumptions = {
  onlineShare: {
    flags: '--online-share <share>',
    description: 'share of users online at the busiest time',
    preset: 0.6,
    min: 0,
    max: 1,
  },
  devices: {
    flags: '--devices <n>',
    description: 'connections per online user',
    preset: 1.3,
    min: 1,
    max: 20,
  },
  messagesPerUserDay: {
    flags: '--messages-per-user-day <n>',
    description: 'messages sent per user and day',
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
    description: 'share of messages sent to groups',
    preset: 0.4,
    min: 0,
    max: 1,
  },
  members: {
    flags: '--members <n>',
    description: 'members of a group, averaged over messages',
    preset: 30,
    min: 2,
    max: 10_000,
  },
  loginsPerUserDay: {
    flags: '--logins-per-user-day <n>',
    description: 'logins per user and day, including reconnections',
    preset: 6,
    min: 0,
    max: 10_000,
  },
  sessionsPerLogin: {
    flags: '--sessions-per-login <n>',
    description: 'conversations in the lists a client requests after logging in',
    preset: 30,
    min: 0,
    max: 1_000,
  },
  messageBytes: {
    flags: '--message-bytes <n>',
    description:
      'stored bytes per message (encrypted text or audio; files and images are in the object store)',
    preset: 128,
    min: 1,
    max: 1_000_000,
  },
  retention: {
    flags: '--retention <days>',
    description: 'days messages are kept',
    preset: 365,
    min: 1,
    max: 36_500,
  },
  tlsShare: {
    flags: '--tls-share <share>',
    description: 'share of connections whose TLS is terminated by msg_server, not in front of it',
    preset: 0,
    min: 0,
    max: 1,
  },
  utilisation: {
    flags: '--utilisation <share>',
    description:
      'CPU of a process at the busiest time, as a share of the one core that Node uses; the target in k8s/',
    preset: 0.7,
    min: 0.1,
    max: 0.95,
  },
  spare: {
    flags: '--spare <n>',
    description: 'replicas of each service that may fail at the busiest time',
    preset: 1,
    min: 0,
    max: 100,
    whole: true,
  },
  connectionsPerMsgServer: {
    flags: '--connections-per-msg-server <n>',
    description: 'connections per msg_server; the target in k8s/',
    preset: 14_000,
    min: 1,
    max: 1_000_000,
    whole: true,
  },
  coreSpeed: {
    flags: '--core-speed <n>',
    description:
      'speed of a core relative to the Intel Xeon of the report: the floor in rows/s that `npm run bench` prints, divided by 86,000',
    preset: 1,
    min: 0.1,
    max: 20,
  },
  walFactor: {
    flags: '--wal-factor <n>',
    description: 'bytes of WAL per stored byte (not measured)',
    preset: 3,
    min: 1,
    max: 100,
  },
} as const satisfies Record<string, Assumption>;

export type AssumptionName = keyof typeof assumptions;
export type Assumptions = Record<AssumptionName, number>;

export const assumptionNames = Object.keys(assumptions) as AssumptionName[];

/** Fills in the defaults of assumptions that are not given. */
export function withPresets(given: Partial<Assumptions> = {}): Assumptions {
  return Object.fromEntries(
    assumptionNames.map((name) => [name, given[name] ?? assumptions[name].preset]),
  ) as Assumptions;
}
