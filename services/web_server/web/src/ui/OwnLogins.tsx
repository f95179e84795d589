import { ClientType, type Login } from '@teamtalk/client';
import { useCallback, useEffect, useState } from 'preact/hooks';
import { t } from '../i18n/index.js';
import { useAccount } from './account-context.js';
import { runAction } from './run-action.js';
import { fullTime } from './times.js';

/** The user's other logins, each with a button to end it. Empty if the server cannot list them. */
export function OwnLogins() {
  const { logins } = useAccount().client;
  const [list, setList] = useState<readonly Login[]>([]);
  const [isBusy, setBusy] = useState(false);
  const load = useCallback(
    () => logins.list().then(setList, (error) => console.warn('the logins are not known:', error)),
    [logins],
  );
  useEffect(() => void load(), [load]);
  if (list.length === 0) return null;
  const end = async (action: () => Promise<void>) => {
    setBusy(true);
    await runAction(action);
    await load();
    setBusy(false);
  };
  return (
    <section class="logins" aria-label={t.value.ownLogins}>
      <h3>{t.value.ownLogins}</h3>
      <ul>
        {list.map((login) => (
          <li key={login.loginId}>
            <span>
              {nameOf(login)}
              {login.isOwn && <strong> {t.value.thisPage}</strong>}
              <small>{t.value.loginFrom(login.address, fullTime(login.since))}</small>
            </span>
            {!login.isOwn && (
              <button
                type="button"
                disabled={isBusy}
                aria-label={t.value.logOutAt(nameOf(login))}
                onClick={() => void end(() => logins.end(login.loginId))}
              >
                {t.value.logOutThere}
              </button>
            )}
          </li>
        ))}
      </ul>
      <div class="actions">
        <button
          type="button"
          class="danger"
          disabled={isBusy}
          title={t.value.logOutElsewhereHint}
          onClick={() => void end(() => logins.endOthers())}
        >
          {t.value.logOutElsewhere}
        </button>
      </div>
    </section>
  );
}

const systems: Record<number, string> = {
  [ClientType.WINDOWS]: 'Windows',
  [ClientType.MAC]: 'Mac',
  [ClientType.IOS]: 'iOS',
  [ClientType.ANDROID]: 'Android',
};

function nameOf({ clientClass, clientType, clientVersion }: Login): string {
  const version = clientVersion.replace(/^web\//, '');
  const name = clientClass === 'web' ? t.value.webPage : (systems[clientType] ?? String(clientType));
  return version === '' ? name : `${name} ${version}`;
}
