import { Refused } from '@teamtalk/client';
import { t } from '../i18n/index.js';
import { showToast } from '../model/toasts.js';

/** Runs a request and shows a toast if it fails. @returns whether it succeeded */
export async function runAction(action: () => Promise<unknown>): Promise<boolean> {
  try {
    await action();
    return true;
  } catch (error) {
    console.warn('action failed:', error);
    const isForbidden = error instanceof Refused && error.resultCode === 2;
    showToast(isForbidden ? t.value.notPermitted : t.value.actionFailed);
    return false;
  }
}
