/** What a phone is to show, before a provider puts it into its own form. */
export interface Notification {
  /** of this push, a UUID: the same again when it is sent again */
  id: string;
  token: string;
  /** bundle id or package; empty: the provider's default */
  app: string;
  /** Banners with the same one replace each other; at most 32 characters that URLs take. */
  collapseId: string;
  /** unix milliseconds after which it is not delivered */
  expiresAt: number;
  /** What the banner says; none: only the badge changes. A provider shortens it to its limit. */
  alert?: { title: string; body: string };
  /** The banner of this collapse id has been read elsewhere, and is to go. */
  withdraws?: boolean;
  badge: number;
  /** for the app, which opens the conversation with it */
  data: { msg_type: number; from_id: number; group_id?: number };
}

/**
 * What a notification replaces at the provider while it is undelivered. A badge alone replaces only another one: it must not
 * replace the banner of its conversation.
 */
export function collapseIdOf({ alert, withdraws, collapseId }: Notification): string {
  return alert || withdraws ? collapseId : 'badge';
}

/** What a provider said to a notification. */
export type Outcome =
  | { kind: 'accepted'; id: string }
  /**
   * @property afterMs the provider's wish; left out: it has none
   * @property all the wish is for all notifications to this provider, and not only for this device
   * @property unsure no answer came: whether the provider may have taken it nevertheless
   */
  | { kind: 'retry'; reason: string; afterMs?: number; all?: true; unsure?: boolean }
  /** The device gets nothing more. @property since unix milliseconds, where the provider says so */
  | { kind: 'gone'; reason: string; since?: number }
  /** This notification is never accepted; others may be. */
  | { kind: 'refused'; reason: string }
  /** The provider does not support it, such as a badge without a banner. */
  | { kind: 'unsupported'; reason: string }
  /** No notification is accepted: wrong credentials, or a provider that wants none for a while. */
  | { kind: 'blocked'; reason: string; afterMs: number };

/** A service that brings notifications to phones. */
export interface Provider {
  readonly name: string;
  /** most notifications at once; left out: no limit of its own */
  readonly concurrency?: number;
  /** Gives a notification to the provider; every failure is an outcome, within 5 s. */
  send(notification: Notification): Promise<Outcome>;
  /** Ends its connections; what is in flight is to be tried again. */
  stop(): Promise<void>;
}

/** Time a provider has for an answer, milliseconds; less than the claim of a job. */
export const answerMs = 5_000;

/** Pause after a response that means invalid credentials, which somebody has to fix, milliseconds. */
export const credentialsPauseMs = 60_000;

/** The provider cannot have taken the notification: there was no connection, or no turn on it. */
export class NotSent extends Error {}

/** The outcome where a connection broke, or no answer came in time. */
export function unanswered(error: unknown): Outcome {
  const reason = error instanceof Error ? error.message : String(error);
  return { kind: 'retry', reason, unsure: !(error instanceof NotSent) };
}
