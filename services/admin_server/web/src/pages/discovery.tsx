import { useSignal } from '@preact/signals';
import type { ApiReply } from '../../../src/api/index.js';
import { call } from '../api/client.js';
import { may } from '../api/session.js';
import { t } from '../text/text.js';
import { confirmThen } from '../ui/confirm.js';
import { Dialog } from '../ui/dialog.js';
import { Form, TextField } from '../ui/form.js';
import { Ready, useLoad } from '../ui/load.js';
import { ChangedMeanwhile, changedFields, useMeanwhile } from '../ui/meanwhile.js';
import { Card, Empty, Page } from '../ui/parts.js';
import { type Column, Table } from '../ui/table.js';
import { say } from '../ui/toast.js';

type Item = ApiReply<'listDiscovery'>['items'][number];

export function Discovery() {
  const loaded = useLoad((signal) => call('listDiscovery', undefined, signal), []);
  /** undefined: no dialog; null: a new item */
  const editing = useSignal<Item | null | undefined>(undefined);
  const remove = ({ item_id, name, url }: Item) =>
    confirmThen({
      title: t('discovery.delete'),
      text: t('discovery.deleteAsk', { name, url }),
      action: t('delete'),
      danger: true,
      work: async () => {
        await call('deleteDiscovery', { params: { item_id } });
        say(t('discovery.deleted', { name }));
        loaded.reload();
      },
    });
  const edit = (item: Item | null) => {
    editing.value = item;
  };
  return (
    <Page
      title={t('discovery')}
      about={t('discovery.about')}
      actions={
        may('discovery:write') && (
          <button type="button" class="main" onClick={() => edit(null)}>
            {t('discovery.new')}
          </button>
        )
      }
    >
      <Card flush>
        <Ready of={loaded}>
          {({ items }) =>
            items.length > 0 ? (
              <Table
                caption={t('discovery')}
                saveAs="discovery"
                rows={[...items].sort((a, b) => b.priority - a.priority || a.item_id - b.item_id)}
                keyOf={({ item_id }) => item_id}
                columns={columns(edit, remove)}
              />
            ) : (
              <Empty title={t('discovery.none')}>{t('discovery.noneDo')}</Empty>
            )
          }
        </Ready>
      </Card>
      {editing.value !== undefined && (
        <Edit
          item={editing.value}
          onSaved={loaded.reload}
          onClose={() => {
            editing.value = undefined;
          }}
        />
      )}
    </Page>
  );
}

function columns(edit: (item: Item) => void, remove: (item: Item) => void): Column<Item>[] {
  const shown: Column<Item>[] = [
    { label: t('name'), cell: ({ name }) => name },
    { label: t('discovery.url'), cell: ({ url }) => <span class="code">{url}</span> },
    { label: t('priority'), cell: ({ priority }) => String(priority), number: true },
  ];
  if (!may('discovery:write')) return shown;
  return [
    ...shown,
    {
      label: t('actions'),
      actions: true,
      cell: (item) => (
        <>
          <button
            type="button"
            class="plain slim"
            aria-label={`${t('edit')}: ${item.name}`}
            onClick={() => edit(item)}
          >
            {t('edit')}
          </button>
          <button
            type="button"
            class="plain slim danger"
            aria-label={`${t('delete')}: ${item.name}`}
            onClick={() => remove(item)}
          >
            {t('delete')}
          </button>
        </>
      ),
    },
  ];
}

/** The fields of an item as they were read. */
function readItem(item: Item | null) {
  return item ? { name: item.name, url: item.url, priority: item.priority } : undefined;
}

interface EditProps {
  readonly item: Item | null;
  readonly onSaved: () => void;
  readonly onClose: () => void;
}

function Edit({ item, onSaved, onClose }: EditProps) {
  const meanwhile = useMeanwhile(item, async () => {
    const { items } = await call('listDiscovery');
    return items.find(({ item_id }) => item_id === item?.item_id) ?? null;
  });
  return (
    <Dialog title={item ? t('discovery.edit', { name: item.name }) : t('discovery.new')} onClose={onClose}>
      <Form
        submit={item ? t('save') : t('discovery.create')}
        onCancel={onClose}
        onSubmit={async (values) => {
          const body = {
            name: values.text('name'),
            url: values.text('url'),
            priority: values.number('priority') ?? 0,
          };
          if (item) {
            const params = { item_id: item.item_id };
            await meanwhile.save((read) =>
              call('changeDiscovery', {
                params,
                body: { ...changedFields(item, body), expected: readItem(read) },
              }),
            );
          } else await call('createDiscovery', { body });
          say(t('saved'));
          onSaved();
          onClose();
        }}
      >
        <TextField name="name" label={t('name')} value={item?.name} maxLength={64} required autofocus />
        <TextField
          name="url"
          type="url"
          label={t('discovery.url')}
          hint={t('discovery.urlHint')}
          value={item?.url}
          maxLength={1024}
          required
        />
        <TextField
          name="priority"
          type="number"
          label={t('priority')}
          hint={t('discovery.priorityHint')}
          value={item?.priority ?? 0}
          min={0}
          max={0x7fffffff}
        />
        <ChangedMeanwhile
          of={meanwhile}
          fields={[
            [t('name'), (of) => of?.name ?? ''],
            [t('discovery.url'), (of) => of?.url ?? ''],
            [t('priority'), (of) => String(of?.priority ?? '')],
          ]}
        />
      </Form>
    </Dialog>
  );
}
