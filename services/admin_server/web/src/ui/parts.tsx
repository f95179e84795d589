import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { t } from '../text/text.js';

interface PageProps {
  readonly title: string;
  readonly about?: ComponentChildren;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}

export function Page({ title, about, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · TeamTalk`;
  }, [title]);
  return (
    <>
      <div class="page-head">
        <div>
          <h1>{title}</h1>
          {about && <p class="quiet">{about}</p>}
        </div>
        {actions && <div class="row">{actions}</div>}
      </div>
      {children}
    </>
  );
}

interface CardProps {
  readonly title?: string;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
  /** without margins around the content, for tables */
  readonly flush?: boolean;
}

export function Card({ title, actions, flush = false, children }: CardProps) {
  return (
    <section class="card" aria-label={title}>
      {title && (
        <header>
          <h2>{title}</h2>
          {actions}
        </header>
      )}
      {flush ? children : <div class="body">{children}</div>}
    </section>
  );
}

interface EmptyProps {
  readonly title: string;
  /** what the user can do about it */
  readonly children?: ComponentChildren;
  readonly action?: ComponentChildren;
}

export function Empty({ title, children, action }: EmptyProps) {
  return (
    <div class="empty">
      <h3>{title}</h3>
      {children && <p>{children}</p>}
      {action}
    </div>
  );
}

export type Mood = 'good' | 'warn' | 'bad' | 'info' | '';

export function Badge({ mood = '', children }: { mood?: Mood; children: ComponentChildren }) {
  return <span class={`badge ${mood}`}>{children}</span>;
}

/** A user in a list: an initial, the display name, and the login name. */
export function Person({ name, login }: { name: string; login?: string }) {
  return (
    <span class="person">
      <span class="avatar" aria-hidden="true">
        {[...name.trim()][0]?.toUpperCase() ?? '?'}
      </span>
      <span>
        {name}
        {login !== undefined && login !== name && <span class="quiet small"> {login}</span>}
      </span>
    </span>
  );
}

export function Facts({ of }: { of: readonly (readonly [string, ComponentChildren])[] }) {
  return (
    <dl class="facts">
      {of.map(([term, value]) => [
        <dt key={`${term}-t`}>{term}</dt>,
        <dd key={term}>{value === '' || value === null || value === undefined ? '–' : value}</dd>,
      ])}
    </dl>
  );
}

export function Waiting() {
  return (
    <p class="empty quiet" role="status">
      {t('loading')}
    </p>
  );
}
