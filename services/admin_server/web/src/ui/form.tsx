import { useSignal } from '@preact/signals';
import { type ComponentChildren, createContext, type InputHTMLAttributes } from 'preact';
import { useContext, useId } from 'preact/hooks';
import { ApiProblem, problemText } from '../api/problem.js';
import { t } from '../text/text.js';

/** The values of a form's fields, by name. */
export class Values {
  readonly #data: FormData;

  constructor(data: FormData) {
    this.#data = data;
  }

  /** The value exactly as typed, for passwords. */
  raw(name: string): string {
    return String(this.#data.get(name) ?? '');
  }

  text(name: string): string {
    return this.raw(name).trim();
  }

  /** @returns undefined when nothing was typed */
  optional(name: string): string | undefined {
    return this.text(name) || undefined;
  }

  /** The values of the checked boxes of this name. */
  all(name: string): string[] {
    return this.#data.getAll(name).map(String);
  }

  /** The lines that are not empty. */
  lines(name: string): string[] {
    return this.raw(name)
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
  }

  /** @returns null when nothing was typed or chosen */
  number(name: string): number | null {
    const text = this.text(name);
    return text === '' ? null : Number(text);
  }
}

/** Errors of fields, by name. */
const Faults = createContext<ReadonlyMap<string, string>>(new Map());

/** The error of a field; undefined: none. */
export function useFault(name: string): string | undefined {
  return useContext(Faults).get(name);
}

interface FormProps {
  /** Its error is shown, next to the field if the server names one. */
  readonly onSubmit: (values: Values) => Promise<void>;
  readonly submit: string;
  readonly onCancel?: () => void;
  readonly class?: string;
  readonly children: ComponentChildren;
}

export function Form({ onSubmit, submit, onCancel, class: style = 'form', children }: FormProps) {
  const busy = useSignal(false);
  const failure = useSignal<unknown>(undefined);
  const send = async (form: HTMLFormElement) => {
    if (busy.value) return;
    busy.value = true;
    failure.value = undefined;
    try {
      await onSubmit(new Values(new FormData(form)));
    } catch (error) {
      failure.value = error;
    } finally {
      busy.value = false;
    }
  };
  const problem = failure.value;
  const faults = problem instanceof ApiProblem ? problem.faults : new Map<string, string>();
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        void send(event.currentTarget);
      }}
    >
      <Faults.Provider value={faults}>
        <div class={style}>{children}</div>
      </Faults.Provider>
      {problem !== undefined && (
        <p class="notice bad" role="alert">
          {problemText(problem)}
        </p>
      )}
      <div class="row end">
        {onCancel && (
          <button type="button" onClick={onCancel}>
            {t('cancel')}
          </button>
        )}
        <button type="submit" class="main" disabled={busy.value}>
          {submit}
        </button>
      </div>
    </form>
  );
}

interface FieldProps {
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  readonly class?: string;
}

interface TextFieldProps extends FieldProps {
  readonly value?: string | number | undefined;
  readonly type?: 'text' | 'password' | 'email' | 'tel' | 'url' | 'number' | 'search' | 'datetime-local';
  readonly required?: boolean;
  readonly maxLength?: number;
  readonly minLength?: number;
  readonly min?: number;
  readonly max?: number;
  readonly autocomplete?: string;
  readonly inputMode?: 'numeric' | 'text';
  readonly autofocus?: boolean;
  readonly placeholder?: string;
  readonly onInput?: (text: string) => void;
}

export function TextField({
  name,
  label,
  hint,
  class: style,
  value,
  type = 'text',
  autocomplete = 'off',
  onInput,
  ...rest
}: TextFieldProps) {
  const id = useId();
  const fault = useFault(name);
  // Preact's types have different attributes for each type of input.
  const typed = { ...rest, type } as InputHTMLAttributes<HTMLInputElement>;
  const notes = [fault && `${id}-fault`, hint && `${id}-hint`].filter(Boolean).join(' ');
  return (
    <div class={`field ${style ?? ''}`}>
      <label for={id}>{label}</label>
      <input
        id={id}
        name={name}
        defaultValue={value === undefined ? '' : String(value)}
        autocomplete={autocomplete}
        aria-invalid={fault !== undefined}
        aria-describedby={notes || undefined}
        spellcheck={false}
        onInput={(event) => onInput?.(event.currentTarget.value)}
        {...typed}
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

interface SelectProps extends FieldProps {
  readonly value?: string | undefined;
  readonly options: readonly { readonly value: string; readonly label: string }[];
  /** an option other than the empty one has to be chosen */
  readonly required?: boolean;
  readonly onChange?: (value: string) => void;
}

export function Select({
  name,
  label,
  hint,
  class: style,
  value = '',
  options,
  required = false,
  onChange,
}: SelectProps) {
  const id = useId();
  const fault = useFault(name);
  return (
    <div class={`field ${style ?? ''}`}>
      <label for={id}>{label}</label>
      <select
        id={id}
        name={name}
        required={required}
        onChange={(event) => onChange?.(event.currentTarget.value)}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value} selected={option.value === value}>
            {option.label}
          </option>
        ))}
      </select>
      {fault && <span class="fault">{fault}</span>}
      {hint && <span class="hint">{hint}</span>}
    </div>
  );
}
