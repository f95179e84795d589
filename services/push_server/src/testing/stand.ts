import type { Provider } from '../providers/provider.js';

/** What a provider's fake does with the next notification. */
type Trouble = 'busy' | 'failing' | 'breaks' | 'silent';

/** A provider and its fake, as the tests that all providers share see them. */
export interface Stand {
  provider: Provider;
  /** of a device that works */
  token: string;
  /** It shows banners and does nothing else: no badge, no withdrawal. */
  bannersOnly?: boolean;
  /** tokens that can be none */
  malformed: readonly string[];
  /** the text that the device shows under a collapse id */
  shown(collapseId: string): string | undefined;
  badge(): number | undefined;
  next(trouble: Trouble): void;
  /** The device is gone. */
  remove(): void;
  /** what the fake has refused */
  refusals(): readonly string[];
  /** Ends the fake, not the provider. */
  stopFake(): Promise<void>;
}
