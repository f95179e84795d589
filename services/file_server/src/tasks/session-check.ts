import { type Bus, topics } from '@teamtalk/bus';

export interface SessionCheckOptions {
  /** what is required of the user's sessions on msg_servers */
  proof: 'task' | 'session' | 'address';
  /** time for msg_servers to answer, milliseconds */
  timeoutMs: number;
}

export type SessionProof = 'same_address' | 'other_address' | 'none';

/**
 * Checks a user's identity by asking all msg_servers where that user is logged in from. A legacy client sends a
 * file_server no secret besides the task's id, but it is logged in to a msg_server while it transfers files.
 */
export class SessionCheck {
  readonly #bus: Bus;
  readonly #options: SessionCheckOptions;

  constructor(bus: Bus, options: SessionCheckOptions) {
    this.#bus = bus;
    this.#options = options;
  }

  /**
   * @param address the remote address of the connection to this file_server
   * @returns what is known of the user's sessions; `accepted` when that meets the requirement
   * @throws TeamTalkError `unavailable` when NATS is down
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
