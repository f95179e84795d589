import { useId } from 'preact/hooks';
import { useFault } from './form.js';

interface TextAreaProps {
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  readonly value?: string;
  readonly maxLength: number;
  readonly rows?: number;
  readonly required?: boolean;
  readonly onInput?: (text: string) => void;
}

/** A field of several lines. */
export function TextArea({
  name,
  label,
  hint,
  value = '',
  maxLength,
  rows = 6,
  required = true,
  onInput,
}: TextAreaProps) {
  const id = useId();
  const fault = useFault(name);
  const notes = [fault && `${id}-fault`, hint && `${id}-hint`].filter(Boolean).join(' ');
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <textarea
        id={id}
        name={name}
        defaultValue={value}
        rows={rows}
        maxLength={maxLength}
        required={required}
        spellcheck={false}
        aria-invalid={fault !== undefined}
        aria-describedby={notes || undefined}
        onInput={(event) => onInput?.(event.currentTarget.value)}
      />
      {fault && (
        <span class="fault" id={`${id}-fault`}>
          {fault}
        </span>
      )}
      {hint && (
        <span class="hint" id={`${id}-hint`}>
          {hint}
        </span>
      )}
    </div>
  );
}
