import { type Bus, topics } from '@teamtalk/bus';
import { clientAddress, type Networks } from '@teamtalk/net';
import type { Kit } from '@teamtalk/service-kit';
import type { Request } from 'express';
import type { MsfsConfig } from '../config.js';
import { type Refusal, refusals } from '../http/refusals.js';
import { UploadQuota } from './upload-quota.js';
import { hasToken } from './upload-tokens.js';
import type { UploaderLookup } from './uploaders.js';

/** The permission of one upload. */
export interface Permit {
  /** The upload is over. @param bytes those that are stored; 0: it failed */
  settle(bytes: number): void;
}

export interface UploadPermitsOptions {
  kit: Pick<Kit, 'instance' | 'metrics' | 'clientLog'>;
  bus: Bus;
  uploaders: UploaderLookup;
  config: Pick<MsfsConfig, 'uploadAuth' | 'uploadTokens' | 'uploadDayBytes' | 'limits'>;
  trustedProxies: Networks;
}

const unlimited: Permit = { settle: () => {} };

/** Decides who may upload: by token, or by the address at which a user is logged in, and then within the quota of that user. */
export class UploadPermits {
  readonly #options: UploadPermitsOptions;
  readonly #mayUpload: (request: Request) => boolean;
  readonly #quota: UploadQuota;
  readonly #refused;

  constructor(options: UploadPermitsOptions) {
    this.#options = options;
    const { kit, bus, config } = options;
    this.#mayUpload = hasToken(config.uploadTokens);
    this.#quota = new UploadQuota({ bytes: config.uploadDayBytes });
    this.#refused = kit.metrics.counter(
      'uploads_refused_total',
      'Uploads refused because of who makes them: nobody is logged in from there, msg_servers cannot be asked, or the quota of the day',
      ['reason'],
    );
    kit.metrics.gauge(
      'upload_day_bytes',
      'Bytes that count towards quotas of the day, with those of uploads in progress; all msfs count all',
      () => this.#quota.total,
    );
    bus.subscribe(topics.imageStored, ({ instance, userId, bytes }) => {
      if (instance !== kit.instance) this.#quota.add(userId, bytes);
    });
  }

  /** What can be refused without asking anybody. */
  refusalOf(request: Request): Refusal | undefined {
    return this.#options.config.uploadAuth === 'tokens' && !this.#mayUpload(request)
      ? refusals.notAllowed
      : undefined;
  }

  /**
   * Decides at once where nobody has to be asked.
   * @param bytes those that the upload has at most
   */
  permit(request: Request, bytes: number): Permit | Promise<Permit | Refusal> {
    const isFree = this.#options.config.uploadAuth === 'open' || this.#mayUpload(request);
    return isFree ? unlimited : this.#byAddress(request, bytes);
  }

  async #byAddress(request: Request, bytes: number): Promise<Permit | Refusal> {
    const { uploaders, trustedProxies } = this.#options;
    const address = clientAddress(request, trustedProxies) ?? '';
    const users = await uploaders.at(address);
    if (users === 'any') return unlimited;
    if (users === 'unknown') return this.#refuse('unknown', refusals.tooMany);
    if (users === 'nobody') {
      this.#say(address, 'upload refused; nobody is logged in from its address');
      return this.#refuse('not_logged_in', refusals.notLoggedIn);
    }
    const reserved = this.#quota.reserve(users, bytes);
    if (!reserved) {
      this.#say(address, 'upload refused; quota of the day used up');
      return this.#refuse('quota', refusals.overQuota);
    }
    return {
      settle: (stored) => {
        reserved.settle(stored);
        if (stored > 0) this.#tell(reserved.userId, stored);
      },
    };
  }

  /** To the other msfs, which count it as well. */
  #tell(userId: number, bytes: number): void {
    const { bus, kit } = this.#options;
    bus.publish(topics.imageStored, { instance: kit.instance, userId, bytes });
  }

  #say(address: string, message: string): void {
    this.#options.kit.clientLog.info(address, { peer: address }, message);
  }

  #refuse(reason: string, refusal: Refusal): Refusal {
    this.#refused.inc({ reason });
    return refusal;
  }
}
