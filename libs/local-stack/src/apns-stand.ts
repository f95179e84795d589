import { generateKeyPairSync } from 'node:crypto';
import { certificateFiles } from './certificates.js';
import { FakeApns } from './fake-apns.js';

const ids = { keyId: 'ABC123DEFG', teamId: 'DEF123GHIJ' };
const topic = 'com.example.teamtalk';

/** A fake APNs, and the variables with which a push_server uses it. */
export interface ApnsStand {
  apns: FakeApns;
  /** where it is */
  server: { APNS_URL: string; PUSH_CA_FILE: string };
  /** the key that it accepts */
  key: { APNS_KEY: string; APNS_KEY_ID: string; APNS_TEAM_ID: string; APNS_TOPIC: string };
}

export async function startApns(): Promise<ApnsStand> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const apns = await FakeApns.start({ publicKey, ...ids, topic });
  return {
    apns,
    server: { APNS_URL: apns.origin, PUSH_CA_FILE: certificateFiles('first').certFile },
    key: {
      APNS_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
      APNS_KEY_ID: ids.keyId,
      APNS_TEAM_ID: ids.teamId,
      APNS_TOPIC: topic,
    },
  };
}
