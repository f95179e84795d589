import { uploadImage } from '@teamtalk/client';
import { useRef, useState } from 'preact/hooks';
import { t } from '../i18n/index.js';
import { imagesOf, nameWithSize } from '../model/image-file.js';
import { userName } from '../model/names.js';
import type { User } from '../model/state.js';
import { Avatar } from './Avatar.js';
import { useAccount } from './account-context.js';
import { closeDialog } from './current-dialog.js';
import { Dialog } from './Dialog.js';
import { MarkSwitches } from './MarkSwitches.js';
import { runAction } from './run-action.js';

export function ProfileDialog({ userId }: { userId: number }) {
  const account = useAccount();
  const { state } = account;
  const user = state.users.value.get(userId);
  const isOwn = userId === state.ownId;
  const isOnline = isOwn ? state.isOnline.value : state.online.value.has(userId);
  const name = userName(state, userId);
  const hasConversation = state.conversations.value.has(`u${userId}`);
  return (
    <Dialog title={isOwn ? t.value.ownProfile : t.value.profile} onClose={closeDialog}>
      <div class="profile-head">
        <Avatar name={name} id={userId} url={user?.avatarUrl ?? ''} isOnline={isOnline} isLarge />
        <div>
          <h3>{name}</h3>
          <p class="quiet">{isOnline ? t.value.online : t.value.notOnline}</p>
        </div>
      </div>
      {user && <Facts user={user} />}
      {hasConversation && !isOwn && <MarkSwitches session={{ user: userId }} />}
      {isOwn && user ? (
        <OwnProfile user={user} />
      ) : (
        <div class="actions">
          {hasConversation && (
            <button
              type="button"
              class="link"
              onClick={() =>
                void runAction(async () => {
                  await account.removeConversation({ user: userId });
                  closeDialog();
                })
              }
            >
              {t.value.removeChat}
            </button>
          )}
          <button
            type="button"
            class="primary"
            onClick={() => {
              closeDialog();
              void account.open({ user: userId });
            }}
          >
            {t.value.writeTo}
          </button>
        </div>
      )}
    </Dialog>
  );
}

function Facts({ user }: { user: User }) {
  const { state } = useAccount();
  const department = state.departments.value.get(user.departmentId)?.deptName ?? '';
  const facts: [string, string][] = [
    [t.value.realName, user.userRealName],
    [t.value.login, user.userDomain],
    [t.value.department, department],
    [t.value.email, user.email],
    [t.value.telephone, user.userTel],
    [t.value.signature, user.signInfo ?? ''],
  ];
  return (
    <dl class="facts">
      {facts.map(([title, text]) =>
        text === '' ? null : (
          <div key={title}>
            <dt>{title}</dt>
            <dd dir="auto">{text}</dd>
          </div>
        ),
      )}
    </dl>
  );
}

function OwnProfile({ user }: { user: User }) {
  const account = useAccount();
  const chooser = useRef<HTMLInputElement>(null);
  const [signature, setSignature] = useState(user.signInfo ?? '');
  const changePicture = async (image: Blob) => {
    const { url } = await uploadImage(account.config.msfsUrl, image, { name: await nameWithSize(image) });
    await account.setAvatar(url);
  };
  return (
    <form
      class="fields"
      onSubmit={(event) => {
        event.preventDefault();
        void runAction(() => account.setSignature(signature.trim()));
      }}
    >
      <label>
        {t.value.signature}
        <input
          name="signature"
          value={signature}
          maxLength={128}
          onInput={({ currentTarget }) => setSignature(currentTarget.value)}
        />
      </label>
      <input
        ref={chooser}
        type="file"
        accept="image/png,image/jpeg,image/gif,image/webp"
        hidden
        aria-label={t.value.changePicture}
        onChange={({ currentTarget }) => {
          const [image] = imagesOf(currentTarget.files);
          currentTarget.value = '';
          if (image) void runAction(() => changePicture(image));
        }}
      />
      <div class="actions">
        <button type="button" onClick={() => chooser.current!.click()}>
          {t.value.changePicture}
        </button>
        <button type="submit" class="primary" disabled={signature.trim() === (user.signInfo ?? '')}>
          {t.value.save}
        </button>
      </div>
    </form>
  );
}
