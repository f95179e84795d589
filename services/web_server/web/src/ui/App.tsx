import { t } from '../i18n/index.js';
import { moveHere, resume, screen, showLogin } from '../model/app.js';
import { failureText } from './failure-text.js';
import { LoginScreen } from './LoginScreen.js';
import { MainScreen } from './MainScreen.js';
import { Notice } from './Notice.js';
import { Toasts } from './Toasts.js';

export function App() {
  return (
    <>
      <CurrentScreen />
      <Toasts />
    </>
  );
}

function CurrentScreen() {
  const { value } = screen;
  switch (value.name) {
    case 'starting':
      return <Notice title={t.value.appName} text={t.value.loading} />;
    case 'broken':
      return <Notice title={t.value.appName} text={t.value.pageFailed} />;
    case 'login':
      return <LoginScreen {...value} />;
    case 'resuming':
      return (
        <Notice
          title={t.value.loggingIn}
          text={value.failure ? `${failureText(value.failure)} ${t.value.stillTrying}` : ''}
        />
      );
    case 'kicked':
      return (
        <Notice
          title={t.value.kickedTitle}
          text={value.reason === 2 ? t.value.loggedOutElsewhere : t.value.kickedText}
          action={t.value.logInAgain}
          // After a logout from elsewhere, a click must not log in again.
          onAction={() => (value.reason === 2 ? showLogin(value.login.name) : void resume(value.login))}
        />
      );
    case 'elsewhere':
      return (
        <Notice
          title={t.value.elsewhereTitle(value.user)}
          text={t.value.elsewhereText}
          action={t.value.useHere}
          onAction={() => void moveHere(value.user, value.login)}
          otherAction={t.value.somebodyElse}
          onOtherAction={() => showLogin()}
        />
      );
    case 'main':
      return <MainScreen account={value.account} />;
  }
}
