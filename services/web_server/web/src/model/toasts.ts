import { signal } from '@preact/signals';

export interface Toast {
  id: number;
  text: string;
}

const shownMs = 6_000;
const limit = 4;
let lastId = 0;

/** Short notices in a corner that disappear on their own. */
export const toasts = signal<readonly Toast[]>([]);

export function showToast(text: string): void {
  const toast = { id: ++lastId, text };
  toasts.value = [...toasts.value, toast].slice(-limit);
  setTimeout(() => dismissToast(toast.id), shownMs);
}

export function dismissToast(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}
