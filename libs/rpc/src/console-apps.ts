import { teamtalk as consoleApi } from '../gen/console.js';
import { methodAt } from './definitions.js';

const board = consoleApi.console;

/** proto/internal/console.proto, service ConsoleApps: only by Console.Call. */
export const consoleApps = {
  createApp: methodAt('teamtalk.console.ConsoleApps/CreateApp', board.CreateAppRequest, board.AppKey),
  changeApp: methodAt('teamtalk.console.ConsoleApps/ChangeApp', board.ChangeAppRequest, board.AppReply),
  renewAppKey: methodAt('teamtalk.console.ConsoleApps/RenewAppKey', board.AppRequest, board.AppKey),
  setAppDisabled: methodAt(
    'teamtalk.console.ConsoleApps/SetAppDisabled',
    board.SetAppDisabledRequest,
    board.AppReply,
  ),
  revokeApp: methodAt('teamtalk.console.ConsoleApps/RevokeApp', board.AppRequest, board.AppReply),
  deleteApp: methodAt('teamtalk.console.ConsoleApps/DeleteApp', board.AppRequest, board.AppReply),
} as const;

/** proto/internal/console.proto, service ConsoleWebhooks: only by Console.Call. */
export const consoleWebhooks = {
  createWebhook: methodAt(
    'teamtalk.console.ConsoleWebhooks/CreateWebhook',
    board.CreateWebhookRequest,
    board.WebhookSecret,
  ),
  changeWebhook: methodAt(
    'teamtalk.console.ConsoleWebhooks/ChangeWebhook',
    board.ChangeWebhookRequest,
    board.WebhookReply,
  ),
  renewWebhookSecret: methodAt(
    'teamtalk.console.ConsoleWebhooks/RenewWebhookSecret',
    board.WebhookRequest,
    board.WebhookSecret,
  ),
  setWebhookDisabled: methodAt(
    'teamtalk.console.ConsoleWebhooks/SetWebhookDisabled',
    board.SetWebhookDisabledRequest,
    board.WebhookReply,
  ),
  testWebhook: methodAt(
    'teamtalk.console.ConsoleWebhooks/TestWebhook',
    board.WebhookRequest,
    board.WebhookReply,
  ),
  deleteWebhook: methodAt(
    'teamtalk.console.ConsoleWebhooks/DeleteWebhook',
    board.WebhookRequest,
    board.WebhookReply,
  ),
  listWebhookEvents: methodAt(
    'teamtalk.console.ConsoleWebhooks/ListWebhookEvents',
    board.WebhookEventsRequest,
    board.WebhookEventList,
  ),
  listDeadLetters: methodAt(
    'teamtalk.console.ConsoleWebhooks/ListDeadLetters',
    board.WebhookEventsRequest,
    board.WebhookEventList,
  ),
  retryDeadLetters: methodAt(
    'teamtalk.console.ConsoleWebhooks/RetryDeadLetters',
    board.DeadLettersRequest,
    board.DeadLettersReply,
  ),
  dropDeadLetters: methodAt(
    'teamtalk.console.ConsoleWebhooks/DropDeadLetters',
    board.DeadLettersRequest,
    board.DeadLettersReply,
  ),
} as const;

/** proto/internal/console.proto, service ConsolePushes: only by Console.Call. */
export const consolePushes = {
  getProviders: methodAt(
    'teamtalk.console.ConsolePushes/GetProviders',
    board.ProvidersRequest,
    board.ProviderList,
  ),
  setCredential: methodAt(
    'teamtalk.console.ConsolePushes/SetCredential',
    board.SetCredentialRequest,
    board.CredentialReply,
  ),
  removeCredential: methodAt(
    'teamtalk.console.ConsolePushes/RemoveCredential',
    board.RemoveCredentialRequest,
    board.CredentialReply,
  ),
  rotateCredentials: methodAt(
    'teamtalk.console.ConsolePushes/RotateCredentials',
    board.RotateCredentialsRequest,
    board.RotatedCredentials,
  ),
  testDevice: methodAt(
    'teamtalk.console.ConsolePushes/TestDevice',
    board.TestDeviceRequest,
    board.TestDeviceReply,
  ),
} as const;
