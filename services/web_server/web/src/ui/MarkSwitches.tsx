import type { Session } from '@teamtalk/client';
import { t } from '../i18n/index.js';
import { keyOf } from '../model/session.js';
import { useAccount } from './account-context.js';

/** Switches to pin a conversation and, for a person, to mute it. */
export function MarkSwitches({ session }: { session: Session }) {
  const { marks } = useAccount().state;
  const key = keyOf(session);
  return (
    <>
      <label class="switch">
        <input
          type="checkbox"
          name="pinned"
          checked={marks.pinned.value.has(key)}
          onChange={({ currentTarget }) => marks.set('pinned', key, currentTarget.checked)}
        />
        <span>{t.value.pinChat}</span>
      </label>
      {'user' in session && (
        <label class="switch">
          <input
            type="checkbox"
            name="muted"
            checked={marks.muted.value.has(key)}
            onChange={({ currentTarget }) => marks.set('muted', key, currentTarget.checked)}
          />
          <span>
            {t.value.mute}
            <small>{t.value.muteHereHint}</small>
          </span>
        </label>
      )}
    </>
  );
}
