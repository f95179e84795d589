import { type ClusterOptions, type ConnectOptions, TestCluster } from '@teamtalk/cluster';
import { type ApnsStand, type FakeApns, startApns, waitUntil } from '@teamtalk/local-stack';
import { ClientType, Commands } from '@teamtalk/protocol';

export interface PushStandOptions extends Omit<ClusterOptions, 'envOf'> {
  /** variables of push_server in addition to those of APNs */
  env?: Readonly<Record<string, string>>;
  /** how long a push is held, milliseconds; default 500 */
  holdMs?: number;
}

/** An installation whose push_servers use a fake APNs, and phones whose app is in the background. */
export class PushStand {
  readonly cluster: TestCluster;
  readonly apns: FakeApns;
  /** the key that the fake APNs accepts */
  readonly key: { pem: string; words: string[] };

  /** @param withKey whether push_server has the key in its variables */
  static async start(
    { env = {}, holdMs = 500, ...options }: PushStandOptions,
    withKey = true,
  ): Promise<PushStand> {
    const stand = await startApns();
    const cluster = await TestCluster.start({
      push_server: 1,
      ...options,
      envOf: {
        // Tests write faster than people.
        msg_server: { MESSAGE_RATE: '0' },
        push_server: {
          ...stand.server,
          PUSH_HOLD_MS: String(holdMs),
          ...(withKey && stand.key),
          ...env,
        },
      },
    });
    return new PushStand(cluster, stand);
  }

  private constructor(cluster: TestCluster, { apns, key }: ApnsStand) {
    this.cluster = cluster;
    this.apns = apns;
    this.key = {
      pem: key.APNS_KEY,
      words: ['--key-id', key.APNS_KEY_ID, '--team-id', key.APNS_TEAM_ID, '--topic', key.APNS_TOPIC],
    };
  }

  async stop(): Promise<void> {
    await this.cluster.stop();
    await this.apns.close();
  }

  /** Registers a phone's token and disconnects without a logout, as an app in the background does. */
  async phoneOf(
    name: string,
    {
      token = tokenOf(name),
      clientType = ClientType.IOS,
    }: { token?: string } & Pick<ConnectOptions, 'clientType'> = {},
  ): Promise<void> {
    const phone = await this.cluster.connect(name, { clientType });
    await phone.request(Commands.LoginReqDevicetoken, Commands.LoginResDevicetoken, {
      userId: 0,
      deviceToken: token,
    });
    await phone.close();
  }

  /** Adds ann, who writes, and as many users with an iPhone. Push works from then on. */
  async annAndReaders(count: number): Promise<{ names: string[]; users: Record<string, number> }> {
    const names = Array.from({ length: count }, (_, i) => `r${i}`);
    const users = await this.cluster.addUsers(['ann', 'zoe', ...names]);
    await this.untilPushed('ann', 'zoe', users.zoe as number);
    for (const name of names) await this.phoneOf(name);
    return { names, users };
  }

  /** The notification on a user's iPhone, or the last badge update without one. */
  banner(name: string) {
    return [...this.apns.banners.values()].find(({ token }) => token === tokenOf(name))?.payload;
  }

  /** Waits until no push is pending. */
  async untilIdle(timeoutMs = 60_000): Promise<void> {
    const idle = async () => {
      const [busy] = await this.cluster.sql<{ busy: boolean }>(
        `SELECT EXISTS (SELECT FROM push_mark) OR EXISTS (SELECT FROM push_read) OR EXISTS (SELECT FROM push_muted)
           OR EXISTS (SELECT FROM push_job WHERE due_at IS NOT NULL) AS busy`,
      );
      return busy?.busy === false;
    };
    await waitUntil(idle, { what: 'nothing is to be pushed', timeoutMs });
  }

  /** Waits until push works: a push_server fetches work, and a test message reaches the phone. */
  async untilPushed(sender: string, receiver: string, receiverId: number): Promise<void> {
    await waitUntil(async () => (await this.cluster.sql('SELECT FROM push_consumer')).length === 1, {
      what: 'a push_server asks for work',
      timeoutMs: 20_000,
    });
    await this.phoneOf(receiver);
    const client = await this.cluster.connect(sender);
    const rings = async () => {
      await client.send({ user: receiverId }, 'first');
      return this.banner(receiver) !== undefined;
    };
    await waitUntil(rings, { what: 'the first banner', timeoutMs: 60_000, everyMs: 500 });
    await client.close();
    await this.untilIdle();
  }
}

/** The push token of a user's iPhone. */
export const tokenOf = (name: string) => Buffer.from(name.padEnd(32, '-')).toString('hex');
