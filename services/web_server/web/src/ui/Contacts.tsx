import type { Session } from '@teamtalk/client';
import type { ComponentChildren } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { t } from '../i18n/index.js';
import { type DepartmentNode, departmentTree, searchUsers } from '../model/directory.js';
import { nameOfUser } from '../model/names.js';
import type { User } from '../model/state.js';
import { Avatar } from './Avatar.js';
import { useAccount } from './account-context.js';
import { moveFocus } from './arrow-keys.js';
import { Icon } from './Icon.js';
import { SearchField } from './SearchField.js';
import { SessionAvatar } from './SessionAvatar.js';

/** The number of contacts shown at first, and added by "more". */
const pageSize = 200;

export function Contacts({ onOpen }: { onOpen: (session: Session) => void }) {
  const { state } = useAccount();
  const [query, setQuery] = useState('');
  const users = state.users.value;
  const departments = state.departments.value;
  const colleagues = useMemo(() => colleaguesOf(users, state.ownId), [users]);
  const tree = useMemo(() => departmentTree(departments, colleagues), [departments, colleagues]);
  const found = useMemo(
    () => (query.trim() === '' ? undefined : searchUsers(colleagues, query)),
    [query, colleagues],
  );
  const groups = [...state.groups.value.values()];
  const openUser = (user: User) => onOpen({ user: user.userId });
  return (
    <section class="list-pane" aria-label={t.value.contacts}>
      <div class="list-head">
        <SearchField label={t.value.searchContacts} value={query} onInput={setQuery} />
      </div>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: arrow keys move between the buttons inside */}
      <div class="rows" onKeyDown={moveFocus}>
        {found?.length === 0 && <p class="empty">{t.value.nothingFound}</p>}
        {found && <People users={found} onOpen={openUser} />}
        {!found && (
          <>
            {groups.map((group) => (
              <button
                key={group.groupId}
                type="button"
                class="row"
                onClick={() => onOpen({ group: group.groupId })}
              >
                <SessionAvatar session={{ group: group.groupId }} />
                <span class="row-text">
                  <span class="row-name">{group.groupName}</span>
                  <span class="row-preview">{t.value.members(group.groupMemberList?.length ?? 0)}</span>
                </span>
              </button>
            ))}
            {tree.roots.map((node) => (
              <Branch key={node.department.deptId} node={node} depth={0} onOpen={openUser} />
            ))}
            {tree.others.length > 0 && (
              <Folder
                title={t.value.otherContacts}
                depth={0}
                count={tree.others.length}
                isOpen={tree.roots.length === 0}
              >
                {() => <People users={tree.others} onOpen={openUser} />}
              </Folder>
            )}
          </>
        )}
      </div>
    </section>
  );
}

/** The active users except the own one, ordered by name. */
export function colleaguesOf(users: ReadonlyMap<number, User>, ownId: number): User[] {
  const compare = new Intl.Collator(['zh-CN', 'en']).compare;
  return [...users.values()]
    .filter(({ userId, status }) => userId !== ownId && status !== 3)
    .sort((a, b) => compare(nameOfUser(a), nameOfUser(b)));
}

interface BranchProps {
  node: DepartmentNode;
  depth: number;
  onOpen: (user: User) => void;
}

function Branch({ node, depth, onOpen }: BranchProps) {
  const { department, children, users } = node;
  return (
    <Folder title={department.deptName} depth={depth} count={countOf(node)} isOpen={depth === 0}>
      {() => (
        <>
          {children.map((child) => (
            <Branch key={child.department.deptId} node={child} depth={depth + 1} onOpen={onOpen} />
          ))}
          <People users={users} onOpen={onOpen} />
        </>
      )}
    </Folder>
  );
}

function countOf({ users, children }: DepartmentNode): number {
  return children.reduce((sum, child) => sum + countOf(child), users.length);
}

interface FolderProps {
  title: string;
  depth: number;
  count: number;
  isOpen: boolean;
  children: () => ComponentChildren;
}

function Folder({ title, depth, count, isOpen, children }: FolderProps) {
  const [isShown, setShown] = useState(isOpen);
  return (
    <section class={`folder depth-${Math.min(depth, 4)}`} aria-label={title}>
      <button type="button" class="folder-head" aria-expanded={isShown} onClick={() => setShown(!isShown)}>
        <Icon name={isShown ? 'down' : 'right'} />
        <span class="row-name">{title}</span>
        <small>{count}</small>
      </button>
      {isShown && <div class="folder-items">{children()}</div>}
    </section>
  );
}

interface PeopleProps {
  users: readonly User[];
  onOpen: (user: User) => void;
}

function People({ users, onOpen }: PeopleProps) {
  const [shown, setShown] = useState(pageSize);
  return (
    <>
      {users.slice(0, shown).map((user) => (
        <Person key={user.userId} user={user} onOpen={onOpen} />
      ))}
      {users.length > shown && (
        <button type="button" class="link" onClick={() => setShown(shown + pageSize)}>
          {t.value.more}
        </button>
      )}
    </>
  );
}

interface PersonProps {
  user: User;
  onOpen: (user: User) => void;
}

function Person({ user, onOpen }: PersonProps) {
  const { state } = useAccount();
  const name = nameOfUser(user);
  const isOnline = state.online.value.has(user.userId);
  return (
    <button type="button" class="row" data-user={user.userId} onClick={() => onOpen(user)}>
      <Avatar name={name} id={user.userId} url={user.avatarUrl} isOnline={isOnline} />
      <span class="row-text">
        <span class="row-name">{name}</span>
        <span class="row-preview">{user.signInfo || (isOnline ? t.value.online : t.value.notOnline)}</span>
      </span>
    </button>
  );
}
