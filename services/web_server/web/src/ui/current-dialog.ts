import { signal } from '@preact/signals';

export type DialogKind =
  | { kind: 'settings' }
  | { kind: 'profile'; userId: number }
  | { kind: 'new-group' }
  | { kind: 'group'; groupId: number }
  | { kind: 'add-members'; groupId: number }
  | { kind: 'image'; url: string };

/** The open dialog. */
export const currentDialog = signal<DialogKind | undefined>(undefined);

export function closeDialog(): void {
  currentDialog.value = undefined;
}
