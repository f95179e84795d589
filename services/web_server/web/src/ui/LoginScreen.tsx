import { useRef } from 'preact/hooks';
import { t } from '../i18n/index.js';
import { logIn } from '../model/app.js';
import { type LoginFailure, loginOf } from '../model/login.js';
import { language } from '../preferences.js';
import { failureText } from './failure-text.js';

interface LoginScreenProps {
  user: string;
  failure: LoginFailure | undefined;
  isBusy: boolean;
}

export function LoginScreen({ user, failure, isBusy }: LoginScreenProps) {
  const name = useRef<HTMLInputElement>(null);
  const password = useRef<HTMLInputElement>(null);
  const submit = (event: Event) => {
    event.preventDefault();
    if (!isBusy) void logIn(loginOf(name.current!.value.trim(), password.current!.value));
  };
  return (
    <main class="center-screen">
      <form class="card login" onSubmit={submit}>
        <img class="logo" src="/icon.svg" alt="" />
        <h1>{t.value.appName}</h1>
        <label>
          {t.value.name}
          <input
            ref={name}
            name="name"
            defaultValue={user}
            autocomplete="username"
            autocapitalize="none"
            spellcheck={false}
            maxLength={64}
            required
            autofocus
          />
        </label>
        <label>
          {t.value.password}
          <input ref={password} name="password" type="password" autocomplete="current-password" required />
        </label>
        <p class="error" role="alert">
          {failure && failureText(failure)}
        </p>
        <button type="submit" class="primary" aria-disabled={isBusy}>
          {isBusy ? t.value.loggingIn : t.value.logIn}
        </button>
        <button
          type="button"
          class="link"
          lang={language.value === 'zh' ? 'en' : 'zh-CN'}
          onClick={() => {
            language.value = language.value === 'zh' ? 'en' : 'zh';
          }}
        >
          {language.value === 'zh' ? 'English' : '中文'}
        </button>
      </form>
    </main>
  );
}
