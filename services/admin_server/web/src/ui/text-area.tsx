import { useId } from 'preact/hooks';
import { useFault } from './form.js';

interface TextAreaProps {
  readonly name: string;
  readonly label: string;
  readonly maxLength: number;
  readonly onInput: (text: string) => void;
}

/** A required field of several lines. */
export function TextArea({ name, label, maxLength, onInput }: TextAreaProps) {
  const id = useId();
  const fault = useFault(name);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <textarea
        id={id}
        name={name}
        rows={6}
        maxLength={maxLength}
        required
        aria-invalid={fault !== undefined}
        aria-describedby={fault && `${id}-fault`}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      {fault && (
        <span class="fault" id={`${id}-fault`}>
          {fault}
        </span>
      )}
    </div>
  );
}
