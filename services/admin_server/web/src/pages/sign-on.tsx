import { call } from '../api/client.js';
import { t, tOr } from '../text/text.js';
import { useLoad } from '../ui/load.js';

/** Why the provider has sent the browser back without a session; undefined: it has not. */
const failure = new URLSearchParams(location.search).get('sign-on') ?? undefined;
if (failure !== undefined) history.replaceState(null, '', `/${location.hash}`);

/** The way to log in by the company's provider, where there is one. */
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
