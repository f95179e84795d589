import { useSignal } from '@preact/signals';
import { ApiProblem } from '../api/problem.js';
import { t } from '../text/text.js';

/** What a form edits, as it was loaded and as it is by now. */
interface Meanwhile<T> {
  readonly before: T;
  readonly now: T;
  /**
   * Saves what was typed.
   * @param work gets the fields as they were last read; the server refuses it when one has changed since
   */
  readonly save: <R>(work: (read: T) => Promise<R>) => Promise<R>;
}

/**
 * For a form whose subject others may change at the same time: when saving is refused for that reason, reads it again. What
 * was typed stays, and saving again keeps the others' changes besides it.
 */
export function useMeanwhile<T>(loaded: T, load: () => Promise<T>): Meanwhile<T> {
  const before = useSignal(loaded).peek();
  const now = useSignal(loaded);
  return {
    before,
    now: now.value,
    save: async (work) => {
      try {
        return await work(now.peek());
      } catch (error) {
        if (error instanceof ApiProblem && error.code === 'changed-meanwhile') now.value = await load();
        throw error;
      }
    },
  };
}

/** Only the changed fields, so that concurrent changes by another administrator are kept. */
export function changedFields<Fields extends object>(
  before: { readonly [Name in keyof Fields]?: unknown },
  written: Fields,
): Partial<Fields> {
  const names = (Object.keys(written) as (keyof Fields)[]).filter((name) => before[name] !== written[name]);
  return Object.fromEntries(names.map((name) => [name, written[name]])) as Partial<Fields>;
}

interface ChangedMeanwhileProps<T> {
  readonly of: Meanwhile<T>;
  /** the fields of the form: a label, and the value to show */
  readonly fields: readonly (readonly [label: string, shown: (of: T) => string])[];
}

/** What others have changed since a form was opened. */
export function ChangedMeanwhile<T>({ of: { before, now }, fields }: ChangedMeanwhileProps<T>) {
  const changed = fields.filter(([, shown]) => shown(before) !== shown(now));
  if (changed.length === 0) return null;
  return (
    <div class="notice warn wide" role="status">
      <div>
        <p>{t('meanwhile')}</p>
        <ul class="changes">
          {changed.map(([label, shown]) => (
            <li key={label}>
              <span class="quiet">{label}</span> {shown(before) || '–'} → {shown(now) || '–'}
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}
