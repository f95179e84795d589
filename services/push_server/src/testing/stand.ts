import type { Provider } from '../providers/provider.js';

/** A misbehaviour of a provider's fake for the next notification. */
type Trouble = 'busy' | 'failing' | 'breaks' | 'silent';

/** A provider and its fake, for the tests shared by all providers. */
export interface Stand {
  provider: Provider;
  /** token of a working device */
  token: string;
  /** token of another working device */
  other: string;
  /** the provider supports only banners: no badge, no withdrawal */
  bannersOnly?: boolean;
  /** the provider takes a badge only with a banner or a withdrawal */
  noBadgeAlone?: boolean;
  /** invalid tokens */
  malformed: readonly string[];
  /** the text the device shows for a collapse id */
  shown(collapseId: string): string | undefined;
  badge(): number | undefined;
  next(trouble: Trouble): void;
  /** Removes the device. */
  remove(): void;
  /** reasons of the fake's refusals */
  refusals(): readonly string[];
  /** Stops the fake but not the provider. */
  stopFake(): Promise<void>;
}
