import type { Question } from '../database/shared-poll.js';

/**
 * Whether anything is pushed: whether there is a device, and a push_server has asked for work within a day. Only then stored
 * messages and read positions are marked; otherwise the message path does not know of push.
 */
export class PushMarks {
  readonly question: Question = {
    name: 'push_wanted',
    sql: `EXISTS (SELECT FROM push_consumer WHERE seen_at > now() - interval '1 day')
      AND EXISTS (SELECT FROM push_device WHERE failure IS NULL)`,
    take: (wanted) => {
      this.#wanted = wanted === true;
    },
  };
  #wanted = false;

  get wanted(): boolean {
    return this.#wanted;
  }
}
