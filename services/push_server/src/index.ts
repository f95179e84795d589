export { credentialEnv, envSchema, loadConfig, type PushServerConfig } from './config.js';
export { credentialValues, describeCredential, isCredentialName } from './credentials/stored-credential.js';
export { credentialNames } from './provider-env.js';
export { startPushServer } from './service.js';
