import { useEffect, useRef } from 'preact/hooks';
import { problemText } from './api/problem.js';
import { expired, findSession, me, unreachable } from './api/session.js';
import { pageFor } from './pages/index.js';
import { Login, LoginAgain } from './pages/login.js';
import { MustBegin } from './pages/second-factor.js';
import { SetUp, setupToken } from './pages/set-up.js';
import { Shell } from './shell.js';
import { t } from './text/text.js';
import { Confirmation } from './ui/confirm.js';
import { Waiting } from './ui/parts.js';
import { route } from './ui/route.js';
import { Toasts } from './ui/toast.js';

export function App() {
  return (
    <>
      <Content />
      <Confirmation />
      <Toasts />
    </>
  );
}

function Content() {
  if (setupToken.value !== undefined) return <SetUp token={setupToken.value} />;
  if (unreachable.value !== undefined && !me.value) {
    return (
      <main class="gate">
        <div class="gate-card">
          <p role="alert">{problemText(unreachable.value)}</p>
          <button type="button" onClick={() => void findSession()}>
            {t('tryAgain')}
          </button>
        </div>
      </main>
    );
  }
  if (me.value === undefined) return <Waiting />;
  if (me.value === null) return <Login />;
  if (me.value.second_factor === 'needed') return <MustBegin />;
  return (
    <Shell>
      <CurrentPage />
      {expired.value && <LoginAgain name={me.value.name} />}
    </Shell>
  );
}

/** The page for the current address. Takes the focus on every navigation, as a newly loaded page does. */
function CurrentPage() {
  const main = useRef<HTMLElement>(null);
  const shownBefore = useRef(false);
  const { visit } = route.value;
  useEffect(() => {
    if (shownBefore.current) {
      main.current?.focus({ preventScroll: true });
      scrollTo(0, 0);
    }
    shownBefore.current = true;
  }, [visit]);
  return (
    <main id="main" ref={main} tabIndex={-1} key={visit}>
      {pageFor(route.value)}
    </main>
  );
}
