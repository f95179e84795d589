import { ask, askOnce, Problem, Refusal } from '@teamtalk/administration';
import { consoleApi, consoleWork } from '@teamtalk/rpc';
import { userColumns } from '../api/saved-views.js';
import { userStatuses } from '../api/users.js';
import type { Handlers } from './handler.js';

const { VIEW_DONE, VIEW_NOT_FOUND, VIEW_NAME_TAKEN } = consoleApi.console.ViewResult;

export const savedViews: Handlers<'listSavedViews' | 'saveView' | 'renameView' | 'deleteView'> = {
  async listSavedViews(call) {
    const { views } = await ask(call, consoleWork.listSavedViews, {});
    return {
      views: (views as consoleApi.console.SavedView[]).map(
        ({ viewId, name, text, departmentId, status, columns }) => ({
          view_id: viewId,
          name,
          text,
          department_id: departmentId || null,
          status: userStatuses.find((each) => each === status) ?? 'present',
          columns: userColumns.filter((each) => columns.includes(each)),
        }),
      ),
    };
  },

  async saveView(call, { body: { department_id: departmentId, ...view } }) {
    const request = { ...view, departmentId: departmentId ?? 0 };
    return { view_id: doneId(await askOnce(call, consoleWork.saveView, request)) };
  },

  async renameView(call, { params: { view_id: viewId }, body: { name } }) {
    return { view_id: doneId(await ask(call, consoleWork.renameView, { viewId, name })) };
  },

  async deleteView(call, { params: { view_id: viewId } }) {
    doneId(await ask(call, consoleWork.deleteView, { viewId }));
    return undefined;
  },
};

/** @throws Problem when it was not done */
function doneId({ result, viewId }: consoleApi.console.ViewReply): number {
  if (result === VIEW_DONE) return viewId;
  if (result === VIEW_NOT_FOUND) throw new Problem('not-found', 'there is no such view');
  throw new Refusal(result === VIEW_NAME_TAKEN ? 'name-taken' : 'too-many-views');
}
