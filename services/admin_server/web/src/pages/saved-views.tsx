import { useSignal } from '@preact/signals';
import type { ApiReply, ApiRequest } from '../../../src/api/index.js';
import { userColumns } from '../../../src/api/saved-views.js';
import { call } from '../api/client.js';
import { t } from '../text/text.js';
import { confirmThen } from '../ui/confirm.js';
import { Dialog } from '../ui/dialog.js';
import { Form, Select, TextField } from '../ui/form.js';
import { useLoad } from '../ui/load.js';
import { goTo } from '../ui/route.js';
import { say } from '../ui/toast.js';

type View = ApiReply<'listSavedViews'>['views'][number];

/** What a saved view keeps, without its name. */
type ViewContent = Omit<ApiRequest<'saveView'>['body'], 'name'>;

interface SavedViewsProps {
  /** id of the view that is shown; undefined: none */
  readonly shown: number | undefined;
  /** of the list as it is now */
  readonly content: () => ViewContent;
}

/** Chooses, saves, renames and removes views of the list of users. */
export function SavedViews({ shown, content }: SavedViewsProps) {
  const loaded = useLoad(async (signal) => (await call('listSavedViews', undefined, signal)).views, []);
  /** undefined: no dialog; null: a new view */
  const naming = useSignal<View | null | undefined>(undefined);
  const views = loaded.data ?? [];
  const current = views.find(({ view_id }) => view_id === shown);
  const remove = ({ view_id, name }: View) =>
    confirmThen({
      title: t('view.remove'),
      text: t('view.removeAsk', { name }),
      action: t('view.remove'),
      danger: true,
      work: async () => {
        await call('deleteView', { params: { view_id } });
        loaded.reload();
      },
    });
  const name = async (text: string) => {
    if (naming.value)
      await call('renameView', { params: { view_id: naming.value.view_id }, body: { name: text } });
    else await call('saveView', { body: { name: text, ...content() } });
    say(t('saved'));
    naming.value = undefined;
    loaded.reload();
  };
  return (
    <>
      <Select
        name="view"
        label={t('view')}
        value={current ? String(current.view_id) : ''}
        options={[
          { value: '', label: t('view.none') },
          ...views.map((view) => ({ value: String(view.view_id), label: view.name })),
        ]}
        onChange={(value) => show(views.find(({ view_id }) => String(view_id) === value))}
      />
      <span class="row">
        <button
          type="button"
          class="slim"
          onClick={() => {
            naming.value = null;
          }}
        >
          {t('view.save')}
        </button>
        {current && (
          <>
            <button
              type="button"
              class="slim"
              onClick={() => {
                naming.value = current;
              }}
            >
              {t('view.rename')}
            </button>
            <button type="button" class="slim danger" onClick={() => remove(current)}>
              {t('view.remove')}
            </button>
          </>
        )}
      </span>
      {naming.value !== undefined && (
        <Naming
          view={naming.value}
          onName={name}
          onClose={() => {
            naming.value = undefined;
          }}
        />
      )}
    </>
  );
}

interface NamingProps {
  readonly view: View | null;
  readonly onName: (name: string) => Promise<void>;
  readonly onClose: () => void;
}

function Naming({ view, onName, onClose }: NamingProps) {
  return (
    <Dialog title={view ? t('view.rename') : t('view.save')} onClose={onClose}>
      <Form submit={t('save')} onCancel={onClose} onSubmit={(values) => onName(values.text('view_name'))}>
        <TextField
          name="view_name"
          label={t('name')}
          hint={t('view.hint')}
          value={view?.name}
          maxLength={64}
          required
          autofocus
        />
      </Form>
    </Dialog>
  );
}

/** @param view undefined: the list as it is without one */
function show(view: View | undefined): void {
  const query = view && {
    text: view.text,
    department: view.department_id === null ? '' : String(view.department_id),
    status: view.status === 'present' ? '' : view.status,
    columns: view.columns.length === userColumns.length ? '' : view.columns.join(',') || 'none',
    view: String(view.view_id),
  };
  goTo('users', query);
}
