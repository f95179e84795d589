import { hostname, userInfo } from 'node:os';

/** Who does something, and from where. */
export interface Actor {
  /** `app NAME`, `operator NAME`, `user ID`, or `anybody` where the HTTP API is open */
  name: string;
  /** the user in whose name an app does it; 0: none */
  asUser: number;
  /** an IP address, or the host of a command */
  source: string;
}

/** The one who runs this process, as on the command line. */
export function operator(env: NodeJS.ProcessEnv = process.env): Actor {
  const from = env.SSH_CONNECTION?.split(' ')[0];
  const behind = env.SUDO_USER && env.SUDO_USER !== accountName() ? ` (${env.SUDO_USER})` : '';
  return {
    name: `operator ${accountName()}${behind}`,
    asUser: 0,
    source: from ? `${hostname()} from ${from}` : hostname(),
  };
}

/** The actor of a call; one from a version before, which names none, is unknown. */
export function actorOf(
  actor: { name?: string | null; asUser?: number | null; source?: string | null } | null | undefined,
): Actor {
  return { name: actor?.name || 'unknown', asUser: actor?.asUser ?? 0, source: actor?.source ?? '' };
}

function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run as a user without an account.
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}
