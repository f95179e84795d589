import { t } from '../i18n/index.js';
import type { FileTransfer } from '../model/transfer.js';
import { useAccount } from './account-context.js';
import { Icon } from './Icon.js';
import { runAction } from './run-action.js';
import { sizeText } from './sizes.js';

/** File transfers with the user, below the conversation. */
export function FilePanel({ userId }: { userId: number }) {
  const { state } = useAccount();
  const shown = state.files.value.filter((each) => each.userId === userId);
  if (shown.length === 0) return null;
  return (
    <ul class="files" aria-label={t.value.files}>
      {shown.map((transfer) => (
        <FileRow key={transfer.key} transfer={transfer} />
      ))}
    </ul>
  );
}

function FileRow({ transfer }: { transfer: FileTransfer }) {
  const files = useAccount().files!;
  const { key, name, size, done, state, isOutgoing, url } = transfer;
  return (
    <li class={`file ${state}`} data-file={name}>
      <Icon name="file" />
      <span class="file-text">
        <span class="file-name" dir="auto">
          {name}
        </span>
        <small role="status">{stateText(transfer)}</small>
        {state === 'running' && <progress value={done} max={size} aria-label={name} />}
      </span>
      {state === 'running' && (
        <button type="button" class="link" onClick={() => files.cancel(key)}>
          {t.value.cancel}
        </button>
      )}
      {state === 'offered' && (
        <button type="button" class="link" onClick={() => void files.start(key)}>
          {t.value.fetchFile}
        </button>
      )}
      {state === 'failed' && (
        <button type="button" class="link" onClick={() => void files.start(key)}>
          {t.value.retry}
        </button>
      )}
      {url !== undefined && (
        <a class="link" href={url} download={name}>
          {t.value.save}
        </a>
      )}
      {state !== 'running' && (
        <button
          type="button"
          class="icon"
          aria-label={
            state === 'offered' && !isOutgoing ? t.value.declineFile(name) : t.value.removeFile(name)
          }
          onClick={() => void runAction(() => files.remove(key))}
        >
          <Icon name="close" />
        </button>
      )}
    </li>
  );
}

function stateText({ state, size, done, isOutgoing }: FileTransfer): string {
  switch (state) {
    case 'offered':
      return sizeText(size);
    case 'running':
      return t.value.fileProgress(sizeText(done), sizeText(size));
    case 'finished':
      return isOutgoing ? t.value.fileSent : t.value.fileFetched;
    case 'failed':
      return isOutgoing ? t.value.fileNotSent : t.value.fileNotFetched;
  }
}
