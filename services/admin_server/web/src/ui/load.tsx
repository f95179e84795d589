import { type Signal, signal, useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { problemText } from '../api/problem.js';
import { logins } from '../api/session.js';
import { t } from '../text/text.js';
import { Waiting } from './parts.js';

/** Fetched data; while it is fetched again, the previous data stays. */
export interface Loaded<T> {
  readonly data: T | undefined;
  readonly error: unknown;
  readonly busy: boolean;
  readonly reload: () => void;
  /** @param error of fetching more, shown together with the data */
  readonly replace: (data: T, error?: unknown) => void;
}

interface State<T> {
  readonly data: T | undefined;
  readonly error: unknown;
  readonly busy: boolean;
}

/** Milliseconds after the last input in which a page refreshes itself; a page left open does not keep its session alive. */
const attendedMs = 5 * 60_000;
let touchedAt = Date.now();
for (const kind of ['pointerdown', 'keydown', 'visibilitychange']) {
  document.addEventListener(kind, () => {
    touchedAt = Date.now();
  });
}

function isAttended(): boolean {
  return document.visibilityState === 'visible' && Date.now() - touchedAt < attendedMs;
}

/**
 * Fetches data when the component mounts and whenever `inputs` change. A new fetch aborts the previous one.
 * @param everyMs pause before fetching again while the page is attended; left out: never fetches again
 */
export function useLoad<T>(
  load: (signal: AbortSignal) => Promise<T>,
  inputs: readonly unknown[],
  everyMs?: number,
): Loaded<T> {
  const state = useSignal<State<T>>({ data: undefined, error: undefined, busy: true });
  const turn = useSignal(0);
  useEffect(() => {
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const again = () => {
      if (isAttended()) turn.value++;
      else timer = setTimeout(again, everyMs);
    };
    state.value = { ...state.peek(), busy: true };
    void load(controller.signal)
      .then(
        (data) => ({ data, error: undefined, busy: false }),
        (error: unknown) => ({ data: state.peek().data, error, busy: false }),
      )
      .then((next) => {
        if (controller.signal.aborted) return;
        state.value = next;
        if (everyMs !== undefined) timer = setTimeout(again, everyMs);
      });
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, [...inputs, turn.value, logins.value]);
  return {
    ...state.value,
    reload: () => {
      turn.value++;
    },
    replace: (data, error) => {
      state.value = { data, error, busy: false };
    },
  };
}

interface ReadyProps<T> {
  readonly of: Loaded<T>;
  readonly children: (data: T) => ComponentChildren;
}

/** Renders fetched data, a placeholder until it arrives, and any error. */
export function Ready<T>({ of: { data, error, reload }, children }: ReadyProps<T>) {
  return (
    <>
      {error !== undefined && (
        <div class="notice bad" role="alert">
          <span>{problemText(error)}</span>
          <button type="button" class="slim" onClick={reload}>
            {t('tryAgain')}
          </button>
        </div>
      )}
      {data !== undefined ? children(data) : error === undefined && <Waiting />}
    </>
  );
}

export interface Batch<Row> {
  readonly rows: readonly Row[];
  readonly next: number | null;
}

interface Pages<Row> extends Loaded<Batch<Row>> {
  readonly more: () => void;
  readonly moreBusy: Signal<boolean>;
}

/** A list that is fetched page by page. @param inputs a change starts again at the first page */
export function usePages<Row>(
  load: (after: number | undefined, signal?: AbortSignal) => Promise<Batch<Row>>,
  inputs: readonly unknown[],
): Pages<Row> {
  const loaded = useLoad<Batch<Row>>((signal) => load(undefined, signal), inputs);
  const moreBusy = useRef(signal(false)).current;
  const latest = useRef(loaded.data);
  latest.current = loaded.data;
  const more = async (shown: Batch<Row>) => {
    moreBusy.value = true;
    try {
      const { rows, next } = await load(shown.next ?? undefined);
      // The list may have been fetched again in the meantime.
      if (latest.current === shown) loaded.replace({ rows: [...shown.rows, ...rows], next });
    } catch (error) {
      if (latest.current === shown) loaded.replace(shown, error);
    } finally {
      moreBusy.value = false;
    }
  };
  return {
    ...loaded,
    moreBusy,
    more: () => {
      if (loaded.data?.next && !moreBusy.value) void more(loaded.data);
    },
  };
}

export function More<Row>({ of: { data, more, moreBusy } }: { of: Pages<Row> }) {
  if (!data?.next) return null;
  return (
    <div class="more">
      <button type="button" disabled={moreBusy.value} onClick={more}>
        {t('more')}
      </button>
    </div>
  );
}

/** Debounces a value, such as the text of a search field. */
export function useSettled<T>(value: T, quietMs = 150): T {
  const settled = useSignal(value);
  useEffect(() => {
    const timer = setTimeout(() => {
      settled.value = value;
    }, quietMs);
    return () => clearTimeout(timer);
  }, [value]);
  return settled.value;
}
