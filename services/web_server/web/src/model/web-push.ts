import { effect, signal } from '@preact/signals';
import type { TeamTalkClient } from '@teamtalk/client';
import { language } from '../preferences.js';
import type { Marks } from './marks.js';
import {
  currentSubscription,
  forgetMuted,
  hasWebPush,
  isFor,
  startWorker,
  tellMuted,
} from './push-worker.js';

/** The user who gets notifications in this browser while no page is open. */
const storageKey = 'teamtalk-push';

/** Notifications while no page is open: registers this browser's Web Push subscription with the server. */
export class WebPush {
  readonly isOn = signal(false);
  readonly #client: TeamTalkClient;
  readonly #marks: Marks;
  readonly #key: string;
  #stopMarks = () => {};

  /** @param key the configured public key. @returns undefined: the installation or the browser does not support it */
  static of(client: TeamTalkClient, marks: Marks, key: string | undefined): WebPush | undefined {
    return key !== undefined && hasWebPush() ? new WebPush(client, marks, key) : undefined;
  }

  private constructor(client: TeamTalkClient, marks: Marks, key: string) {
    this.#client = client;
    this.#marks = marks;
    this.#key = key;
  }

  /**
   * Called after each login: registers the subscription again, since browsers renew subscriptions. A subscription of another
   * user ends, or this user would see that user's messages.
   */
  resume(): void {
    void this.#resume().catch((error) => console.warn('the push subscription is not known:', error));
  }

  /** Ends the subscription here. The server forgets it at the logout, or when the next message to it is refused. */
  end(): void {
    void this.#end().catch((error) => console.warn('the push subscription has not ended:', error));
  }

  async #resume(): Promise<void> {
    const subscription = await currentSubscription();
    if (!subscription) return;
    const isOwn = localStorage.getItem(storageKey) === String(this.#client.userId);
    if (!isOwn || Notification.permission !== 'granted') await this.#end();
    else if (isFor(subscription, this.#key)) await this.#tell(subscription);
    else {
      await subscription.unsubscribe();
      await this.#subscribe();
    }
  }

  /** @returns false if the browser or the user refuses. @throws an Error of the browser, or as the SDK's request */
  async turnOn(): Promise<boolean> {
    if ((await Notification.requestPermission()) !== 'granted') return false;
    await (await currentSubscription())?.unsubscribe();
    await this.#subscribe();
    return true;
  }

  /** @throws as the SDK's request */
  async turnOff(): Promise<void> {
    await this.#end();
    await this.#client.settings.setPushSubscription(undefined);
  }

  async #end(): Promise<void> {
    this.isOn.value = false;
    this.#stopMarks();
    localStorage.removeItem(storageKey);
    await (await currentSubscription())?.unsubscribe();
    await forgetMuted();
  }

  async #subscribe(): Promise<void> {
    const { pushManager } = await startWorker();
    const subscription = await pushManager.subscribe({
      userVisibleOnly: true,
      applicationServerKey: this.#key,
    });
    try {
      await this.#tell(subscription);
    } catch (error) {
      await this.#end();
      throw error;
    }
  }

  async #tell(subscription: PushSubscription): Promise<void> {
    await this.#client.settings.setPushSubscription(JSON.stringify(subscription), {
      locale: language.value === 'zh' ? 'zh-CN' : 'en',
      timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    });
    localStorage.setItem(storageKey, String(this.#client.userId));
    this.isOn.value = true;
    this.#stopMarks();
    this.#stopMarks = effect(() => {
      const muted = this.#marks.muted.value;
      void tellMuted(muted).catch((error) => console.warn('muted chats not kept:', error));
    });
  }
}
