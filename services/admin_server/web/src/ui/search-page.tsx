import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { t } from '../text/text.js';
import { Export } from './export.js';
import { TextField } from './form.js';
import { type Batch, More, Ready, usePages, useSettled } from './load.js';
import { Card, Empty, Page } from './parts.js';
import { replaceQuery, route } from './route.js';
import { type Column, Table } from './table.js';

/** A title, and what to do. */
type Hint = readonly [title: string, what: string];

interface SearchPageProps<Row> {
  readonly title: string;
  /** of exported files, without an ending */
  readonly name: string;
  /** what is searched */
  readonly searchIn: string;
  /** @param text what is searched for; empty: anything */
  readonly load: (text: string, limit: number, after?: number, signal?: AbortSignal) => Promise<Batch<Row>>;
  readonly keyOf: (row: Row) => number;
  readonly columns: readonly Column<Row>[];
  /** of an exported file */
  readonly header: readonly string[];
  readonly cells: (row: Row) => readonly (string | number)[];
  /** what else `load` goes by, as the page's address has it; empty: nothing */
  readonly filter?: Readonly<Record<string, string>>;
  /** the fields of `filter` */
  readonly fields?: ComponentChildren;
  /** buttons and links */
  readonly actions?: ComponentChildren;
  readonly none: Hint;
  readonly noneFound: Hint;
}

/** A list that is searched as one types, and that can be exported as it is filtered. */
export function SearchPage<Row>({
  title,
  name,
  searchIn,
  load,
  keyOf,
  columns,
  header,
  cells,
  filter = {},
  fields,
  actions,
  none,
  noneFound,
}: SearchPageProps<Row>) {
  const text = useSignal(route.peek().query.get('text') ?? '');
  const typed = useSettled(text.value.trim());
  const wanted = { text: typed, ...filter };
  const rows = usePages((after, signal) => load(typed, 50, after, signal), Object.values(wanted));
  useEffect(() => replaceQuery(wanted), Object.values(wanted));
  const hint = Object.values(wanted).some((value) => value !== '') ? noneFound : none;
  return (
    <Page
      title={title}
      actions={
        <>
          <Export name={name} load={(after) => load(typed, 200, after)} header={header} cells={cells} />
          {actions}
        </>
      }
    >
      <Card flush>
        <search class="filters">
          <TextField
            name="text"
            type="search"
            class="grow"
            label={t('search')}
            placeholder={searchIn}
            value={text.peek()}
            maxLength={64}
            onInput={(value) => {
              text.value = value;
            }}
          />
          {fields}
        </search>
        <Ready of={rows}>
          {({ rows: listed }) =>
            listed.length > 0 ? (
              <Table caption={title} rows={listed} keyOf={keyOf} columns={columns} busy={rows.busy} />
            ) : (
              <Empty title={hint[0]}>{hint[1]}</Empty>
            )
          }
        </Ready>
        <More of={rows} />
      </Card>
    </Page>
  );
}
