import { consoleApi } from '@teamtalk/rpc';
import type { Actor } from '../actor.js';
import type { Context } from '../context.js';
import type { ViewOutcome } from './saved-views.js';
import type { ConsoleSession } from './sessions.js';

const { VIEW_DONE, VIEW_FULL, VIEW_NAME_TAKEN, VIEW_NOT_FOUND } = consoleApi.console.ViewResult;

const results = { 'not-found': VIEW_NOT_FOUND, 'name-taken': VIEW_NAME_TAKEN, full: VIEW_FULL } as const;

interface Caller {
  session: ConsoleSession;
  actor: Actor;
}

/** Handlers for the views that the session's account has saved. */
export function savedViewHandlers({ savedViews }: Pick<Context, 'savedViews'>) {
  return {
    async listSavedViews(_request: consoleApi.console.SavedViewsRequest, { session }: Caller) {
      const views = await savedViews.ofAccount(session.account_id);
      return { views: views.map(({ id: viewId, name, filter }) => ({ viewId, name, ...filter })) };
    },

    async saveView(
      { name, text, departmentId, status, columns }: consoleApi.console.SavedView,
      { session, actor }: Caller,
    ) {
      const filter = { text, departmentId, status, columns };
      return toReply(await savedViews.create(session.account_id, name, filter, actor));
    },

    async renameView({ viewId, name }: consoleApi.console.RenameViewRequest, { session, actor }: Caller) {
      return toReply(await savedViews.rename(session.account_id, viewId, name, actor));
    },

    async deleteView({ viewId }: consoleApi.console.DeleteViewRequest, { session, actor }: Caller) {
      return toReply(await savedViews.delete(session.account_id, viewId, actor));
    },
  };
}

function toReply(outcome: ViewOutcome): consoleApi.console.ViewReply.$Properties {
  return outcome.result === 'done'
    ? { result: VIEW_DONE, viewId: outcome.id }
    : { result: results[outcome.result] };
}
