import { type Loaded, Ready } from './load.js';
import { Card, Empty } from './parts.js';
import { type Column, Table } from './table.js';

interface ListCardProps<Data, Row> {
  readonly title: string;
  /** name of exported files without extension */
  readonly name: string;
  /** label of the button that adds a row; left out: the account may not add any */
  readonly add?: string | false;
  readonly onAdd: () => void;
  readonly of: Loaded<Data>;
  readonly rowsOf: (data: Data) => readonly Row[];
  readonly keyOf: (row: Row) => string | number;
  readonly columns: readonly Column<Row>[];
  /** shown when there are no rows */
  readonly none: readonly [title: string, what: string];
}

/** A card with a table, and a button to add a row. */
export function ListCard<Data, Row>({
  title,
  name,
  add,
  onAdd,
  of: loaded,
  rowsOf,
  keyOf,
  columns,
  none,
}: ListCardProps<Data, Row>) {
  return (
    <Card
      flush
      title={title}
      actions={
        add && (
          <button type="button" onClick={onAdd}>
            {add}
          </button>
        )
      }
    >
      <Ready of={loaded}>
        {(data) => {
          const rows = rowsOf(data);
          return rows.length > 0 ? (
            <Table
              caption={title}
              rows={rows}
              keyOf={keyOf}
              busy={loaded.busy}
              columns={columns}
              saveAs={name}
            />
          ) : (
            <Empty title={none[0]}>{none[1]}</Empty>
          );
        }}
      </Ready>
    </Card>
  );
}
