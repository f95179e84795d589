import { type Bus, topics } from '@teamtalk/bus';

export interface SessionCheckOptions {
  /** what has to be true of the user's sessions on msg_servers */
  proof: 'task' | 'session' | 'address';
  /** milliseconds msg_servers have to answer */
  timeoutMs: number;
}

export type SessionProof = 'same_address' | 'other_address' | 'none';

/**
 * Whether somebody who says he is a user is: asks all msg_servers where that user is logged in from. A legacy
 * client sends no secret to a file_server besides the task's id, but it is logged in to a msg_server as long
 * as it transfers files.
 */
export class SessionCheck {
  readonly #bus: Bus;
  readonly #options: SessionCheckOptions;

  constructor(bus: Bus, options: SessionCheckOptions) {
    this.#bus = bus;
    this.#options = options;
  }

  /**
   * @param address where the connection to this file_server comes from
   * @returns what is known of the user's sessions; `accepted` when that is enough
   * @throws TeamTalkError `unavailable` when NATS is away
   */
  async check(userId: number, address: string): Promise<{ accepted: boolean; proof: SessionProof }> {
    const { proof: wanted, timeoutMs } = this.#options;
    if (wanted === 'task') return { accepted: true, proof: 'same_address' };
    let proof = 'none' as SessionProof;
    await this.#bus.requestMany(topics.userSessions, { userId }, timeoutMs, ({ addresses }) => {
      proof = addresses.includes(address) ? 'same_address' : 'other_address';
      return wanted === 'session' || proof === 'same_address';
    });
    return { accepted: wanted === 'session' ? proof !== 'none' : proof === 'same_address', proof };
  }
}
