import { useEffect, useState } from 'preact/hooks';
import { t } from '../i18n/index.js';
import { logOut } from '../model/app.js';
import { type Language, language, type Theme, theme } from '../preferences.js';
import { useAccount } from './account-context.js';
import { closeDialog } from './current-dialog.js';
import { Dialog } from './Dialog.js';
import { NotificationSetting, PushSetting } from './NotificationSettings.js';
import { OwnLogins } from './OwnLogins.js';
import { runAction } from './run-action.js';

export function SettingsDialog() {
  return (
    <Dialog title={t.value.settings} onClose={closeDialog}>
      <div class="fields">
        <label>
          {t.value.language}
          <select
            name="language"
            value={language.value}
            onChange={({ currentTarget }) => {
              language.value = currentTarget.value as Language;
            }}
          >
            <option value="zh">中文</option>
            <option value="en">English</option>
          </select>
        </label>
        <label>
          {t.value.theme}
          <select
            name="theme"
            value={theme.value}
            onChange={({ currentTarget }) => {
              theme.value = currentTarget.value as Theme;
            }}
          >
            <option value="auto">{t.value.themeAuto}</option>
            <option value="light">{t.value.themeLight}</option>
            <option value="dark">{t.value.themeDark}</option>
          </select>
        </label>
        <NotificationSetting />
        <PushSetting />
        <DoNotDisturb />
        <OwnLogins />
        <div class="actions">
          <button
            type="button"
            class="danger"
            onClick={() => {
              closeDialog();
              void logOut();
            }}
          >
            {t.value.logOut}
          </button>
        </div>
      </div>
    </Dialog>
  );
}

/** Stored at the server: it applies to the user's phones. */
function DoNotDisturb() {
  const { settings } = useAccount().client;
  const [isOn, setOn] = useState<boolean>();
  useEffect(() => {
    settings.doNotDisturb().then(setOn, (error) => console.warn('do-not-disturb is not known:', error));
  }, []);
  if (isOn === undefined) return null;
  return (
    <label class="switch">
      <input
        type="checkbox"
        name="do-not-disturb"
        checked={isOn}
        onChange={({ currentTarget: { checked } }) =>
          void runAction(async () => {
            await settings.setDoNotDisturb(checked);
            setOn(checked);
          })
        }
      />
      <span>{t.value.doNotDisturb}</span>
    </label>
  );
}
