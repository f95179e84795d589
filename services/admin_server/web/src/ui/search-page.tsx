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

/** A title, and a sentence on what to do. */
type Hint = readonly [title: string, what: string];

interface SearchPageProps<Row> {
  readonly title: string;
  readonly about?: string;
  /** name of exported files without extension */
  readonly name: string;
  /** placeholder that says what is searched */
  readonly searchIn: string;
  /** @param text to search for; empty: everything */
  readonly load: (text: string, limit: number, after?: number, signal?: AbortSignal) => Promise<Batch<Row>>;
  readonly keyOf: (row: Row) => number;
  readonly columns: readonly Column<Row>[];
  /** header row of exported files */
  readonly header: readonly string[];
  readonly cells: (row: Row) => readonly (string | number)[];
  /** further filters of `load`, kept as parameters of the address; empty: no filter */
  readonly filter?: Readonly<Record<string, string>>;
  /** form fields for `filter` */
  readonly fields?: ComponentChildren;
  /** shown above the list. @param shown the rows, and the text that they were searched for */
  readonly above?: (shown: { readonly rows: readonly Row[]; readonly text: string }) => ComponentChildren;
  /** buttons and links */
  readonly actions?: ComponentChildren;
  readonly none: Hint;
  readonly noneFound: Hint;
}

/** A list with a search field that filters as the user types, and an export of the filtered list. */
export function SearchPage<Row>({
  title,
  about,
  name,
  searchIn,
  load,
  keyOf,
  columns,
  header,
  cells,
  filter = {},
  fields,
  above,
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
      about={about}
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
              <>
                {above?.({ rows: listed, text: typed })}
                <Table caption={title} rows={listed} keyOf={keyOf} columns={columns} busy={rows.busy} />
              </>
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
