import type { teamtalk } from '@teamtalk/bus';
import type { Context } from '../../context.js';

type Page = teamtalk.bus.PresenceSnapshot.$Properties;

/** A route_server asks for all sessions of this msg_server; they go by pages, the last one as the answer. */
export function sendPresenceSnapshot({ presence }: Pick<Context, 'presence'>) {
  return (_request: teamtalk.bus.Done, respond: (page: Page) => void): Page => {
    const pages = presence.snapshot();
    for (const page of pages.slice(0, -1)) respond(page);
    return pages.at(-1)!;
  };
}
