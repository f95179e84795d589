import type { ConsolePermission } from '@teamtalk/rpc/console-rights';
import type { ComponentChildren } from 'preact';
import { may } from '../api/session.js';
import { type PlainKey, t } from '../text/text.js';
import { Empty } from '../ui/parts.js';
import type { Route } from '../ui/route.js';
import { About } from './about.js';
import { Accounts } from './accounts.js';
import { AlertGuide } from './alert-guide.js';
import { Apps } from './apps.js';
import { Audit } from './audit.js';
import { Bots } from './bots.js';
import { Broadcasts } from './broadcasts.js';
import { Clients } from './clients.js';
import { Departments } from './departments.js';
import { Discovery } from './discovery.js';
import { DissolvedGroups } from './dissolved-groups.js';
import { GroupPage } from './group.js';
import { Groups } from './groups.js';
import { Lifecycle } from './lifecycle.js';
import { Migration } from './migration.js';
import { NewBroadcast } from './new-broadcast.js';
import { NewGroup } from './new-group.js';
import { NewUser } from './new-user.js';
import { Overview } from './overview.js';
import { OwnAccount } from './own-account.js';
import { Pushes } from './pushes.js';
import { Settings } from './settings.js';
import { UserPage } from './user.js';
import { UserImportPage } from './user-import.js';
import { UserImports } from './user-imports.js';
import { Users } from './users.js';
import { WebhookPage } from './webhook.js';

interface Destination {
  /** the first segment of its addresses */
  readonly path: string;
  readonly title: PlainKey;
  /** permission to see the page; left out: everybody may see it */
  readonly needs?: ConsolePermission;
  /** @param rest the remaining segments of the address */
  readonly page: (rest: readonly string[]) => ComponentChildren;
  /** reached by links only */
  readonly hidden?: boolean;
}

/** The menu's entries, in order. */
export const destinations: readonly Destination[] = [
  { path: '', title: 'overview', needs: 'overview:read', page: () => <Overview /> },
  { path: 'users', title: 'users', needs: 'users:read', page: userPages },
  { path: 'departments', title: 'departments', needs: 'users:read', page: () => <Departments /> },
  { path: 'groups', title: 'groups', needs: 'groups:read', page: groupPages },
  { path: 'discovery', title: 'discovery', needs: 'discovery:read', page: () => <Discovery /> },
  { path: 'broadcasts', title: 'broadcasts', needs: 'broadcasts:read', page: broadcastPages },
  { path: 'push', title: 'push', needs: 'pushes:read', page: ([id]) => <Pushes userId={idIn(id)} /> },
  { path: 'apps', title: 'apps', needs: 'apps:read', page: appPages },
  { path: 'bots', title: 'bots', needs: 'apps:read', page: () => <Bots /> },
  { path: 'audit', title: 'audit', needs: 'audit:read', page: () => <Audit /> },
  { path: 'lifecycle', title: 'lifecycle', needs: 'lifecycle:read', page: () => <Lifecycle /> },
  { path: 'accounts', title: 'accounts', needs: 'accounts:read', page: () => <Accounts /> },
  { path: 'clients', title: 'clients', needs: 'overview:read', page: () => <Clients /> },
  {
    path: 'alerts',
    title: 'alerts',
    needs: 'overview:read',
    page: ([alert]) => (alert === undefined ? <NotThere /> : <AlertGuide alert={alert} />),
    hidden: true,
  },
  { path: 'settings', title: 'settings', needs: 'overview:read', page: () => <Settings /> },
  { path: 'migration', title: 'migration', needs: 'overview:read', page: () => <Migration /> },
  { path: 'own', title: 'own', page: () => <OwnAccount /> },
  { path: 'about', title: 'about', page: () => <About /> },
];

function userPages([id, rest]: readonly string[]) {
  if (id === undefined) return <Users />;
  if (id === 'new') return may('users:write') ? <NewUser /> : <NotThere />;
  if (id === 'import') {
    const importId = idIn(rest);
    if (!may('users:import') || (rest !== undefined && importId === undefined)) return <NotThere />;
    return importId === undefined ? <UserImports /> : <UserImportPage importId={importId} />;
  }
  const userId = idIn(id);
  return userId === undefined ? <NotThere /> : <UserPage userId={userId} />;
}

function groupPages([id]: readonly string[]) {
  if (id === undefined) return <Groups />;
  if (id === 'new') return may('groups:write') ? <NewGroup /> : <NotThere />;
  if (id === 'dissolved') return <DissolvedGroups />;
  const groupId = idIn(id);
  return groupId === undefined ? <NotThere /> : <GroupPage groupId={groupId} />;
}

function broadcastPages([id]: readonly string[]) {
  if (id === undefined) return <Broadcasts />;
  return id === 'new' && may('broadcasts:write') ? <NewBroadcast /> : <NotThere />;
}

function appPages([kind, id]: readonly string[]) {
  if (kind === undefined) return <Apps />;
  const webhookId = kind === 'webhooks' ? idIn(id) : undefined;
  return webhookId === undefined ? <NotThere /> : <WebhookPage webhookId={webhookId} />;
}

function idIn(segment: string | undefined): number | undefined {
  return segment !== undefined && /^[1-9]\d{0,9}$/.test(segment) ? Number(segment) : undefined;
}

export function pageFor({ path: [first = '', ...rest] }: Route): ComponentChildren {
  const isAllowed = ({ needs }: Destination) => needs === undefined || may(needs);
  // Without a path, shows the first page that the role may see.
  const destination =
    first === '' ? destinations.find(isAllowed) : destinations.find(({ path }) => path === first);
  if (!destination) return <NotThere />;
  if (!isAllowed(destination)) {
    return <Empty title={t('notPermitted')}>{t('notPermitted.about')}</Empty>;
  }
  return destination.page(rest);
}

function NotThere() {
  return (
    <Empty
      title={t('noPage')}
      action={
        <a class="button" href="#/">
          {t('toOverview')}
        </a>
      }
    />
  );
}
