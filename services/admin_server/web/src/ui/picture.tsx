import { useSignal } from '@preact/signals';
import { t } from '../text/text.js';

/**
 * Loads the picture only on request, since users choose its URL: loading it reveals the viewer to that server, or may send a
 * request to a server in the internal network.
 * @param shown the picture was uploaded from this page, and is shown at once
 */
export function Picture({ url, shown = false }: { url: string; shown?: boolean }) {
  const isShown = useSignal(shown);
  if (!/^https?:\/\//.test(url)) return <>{url || '–'}</>;
  return (
    <span class="person">
      {isShown.value ? (
        <img class="photo" src={url} alt="" referrerpolicy="no-referrer" />
      ) : (
        <button
          type="button"
          class="slim"
          onClick={() => {
            isShown.value = true;
          }}
        >
          {t('user.showPicture')}
        </button>
      )}
      <span class="small">{url}</span>
    </span>
  );
}
