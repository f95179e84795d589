import { call } from '../api/client.js';
import { t, tOr } from '../text/text.js';
import { useLoad } from '../ui/load.js';

/** Why a sign-on failed; undefined: none did. */
const failure = new URLSearchParams(location.search).get('sign-on') ?? undefined;
if (failure !== undefined) history.replaceState(null, '', `/${location.hash}`);

/** The link to sign on through the provider, if one is configured. */
export function SignOn() {
  const loaded = useLoad((signal) => call('getSignOn', undefined, signal), []);
  const name = loaded.data?.name;
  return (
    <>
      {failure !== undefined && (
        <p class="notice bad" role="alert">
          {tOr(`signOn.${failure}`, t('problem.other'))}
        </p>
      )}
      {name && (
        <a class="button" href="/admin/v1/sign-on">
          {t('signOn.by', { name })}
        </a>
      )}
    </>
  );
}
