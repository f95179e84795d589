interface RowActionProps {
  readonly label: string;
  /** of the row's object, for screen readers */
  readonly name: string;
  readonly danger?: boolean;
  readonly onClick: () => void;
}

/** A button in a row of a table. */
export function RowAction({ label, name, danger = false, onClick }: RowActionProps) {
  return (
    <button
      type="button"
      class={danger ? 'plain slim danger' : 'plain slim'}
      aria-label={`${label}: ${name}`}
      onClick={onClick}
    >
      {label}
    </button>
  );
}
