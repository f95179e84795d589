import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { TextField } from './form.js';
import { Ready, useLoad, useSettled } from './load.js';

interface PickerProps<Hit> {
  /** name of the field */
  readonly name: string;
  readonly label: string;
  readonly placeholder: string;
  readonly action: string;
  readonly find: (text: string, signal: AbortSignal) => Promise<readonly Hit[]>;
  readonly keyOf: (hit: Hit) => number;
  readonly nameOf: (hit: Hit) => string;
  readonly show: (hit: Hit) => ComponentChildren;
  /** shown when nothing is found */
  readonly none: string;
  /** keys that cannot be picked */
  readonly without?: ReadonlySet<number> | undefined;
  readonly onPick: (hit: Hit) => void;
}

/** Searches as the user types; each hit has a button to pick it. */
export function Picker<Hit>(props: PickerProps<Hit>) {
  const { name, label, placeholder, action, find, keyOf, nameOf, show, none, without, onPick } = props;
  const text = useSignal('');
  const typed = useSettled(text.value.trim());
  const hits = useLoad(async (signal) => (typed === '' ? [] : find(typed, signal)), [typed]);
  return (
    <div class="stack">
      <TextField
        name={name}
        type="search"
        label={label}
        placeholder={placeholder}
        maxLength={64}
        onInput={(value) => {
          text.value = value;
        }}
      />
      {typed !== '' && (
        <Ready of={hits}>
          {(found) =>
            found.length > 0 ? (
              <ul class="search-hits">
                {found.map((hit) => (
                  <li key={keyOf(hit)}>
                    {show(hit)}
                    <button
                      type="button"
                      class="slim"
                      aria-label={`${action}: ${nameOf(hit)}`}
                      disabled={without?.has(keyOf(hit)) ?? false}
                      onClick={() => onPick(hit)}
                    >
                      {action}
                    </button>
                  </li>
                ))}
              </ul>
            ) : (
              <p class="quiet" role="status">
                {none}
              </p>
            )
          }
        </Ready>
      )}
    </div>
  );
}
