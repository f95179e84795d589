import { useState } from 'preact/hooks';
import { t } from '../i18n/index.js';
import { notificationPermission } from '../model/notify.js';
import { showToast } from '../model/toasts.js';
import { notifications } from '../preferences.js';
import { useAccount } from './account-context.js';
import { runAction } from './run-action.js';

export function NotificationSetting() {
  const [permission, setPermission] = useState(notificationPermission());
  if (permission === 'unsupported') return null;
  const ask = async () => setPermission(await Notification.requestPermission());
  return (
    <div class="setting">
      <label class="switch">
        <input
          type="checkbox"
          name="notifications"
          checked={notifications.value && permission === 'granted'}
          disabled={permission === 'denied'}
          onChange={({ currentTarget }) => {
            notifications.value = currentTarget.checked;
            if (currentTarget.checked && permission === 'default') void ask();
          }}
        />
        <span>
          {t.value.notifications}
          {permission === 'denied' && <small>{t.value.notificationsDenied}</small>}
        </span>
      </label>
    </div>
  );
}

/** The setting for notifications while no page is open; hidden where Web Push is not supported. */
export function PushSetting() {
  const { push } = useAccount();
  const [isBusy, setBusy] = useState(false);
  if (!push) return null;
  const change = async (isOn: boolean) => {
    setBusy(true);
    await runAction(async () => {
      if (!isOn) await push.turnOff();
      else if (!(await push.turnOn())) showToast(t.value.notificationsDenied);
    });
    setBusy(false);
  };
  return (
    <label class="switch">
      <input
        type="checkbox"
        name="push"
        checked={push.isOn.value}
        disabled={isBusy}
        onChange={({ currentTarget }) => {
          const isOn = currentTarget.checked;
          currentTarget.checked = push.isOn.value;
          void change(isOn);
        }}
      />
      <span>
        {t.value.pushNotifications}
        <small>{t.value.pushHint}</small>
      </span>
    </label>
  );
}
