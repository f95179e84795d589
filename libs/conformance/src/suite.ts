import type { Case } from './case.js';
import { buddyCases } from './cases/buddies.js';
import { clientCases } from './cases/clients.js';
import { connectionCases } from './cases/connection.js';
import { extensionCases } from './cases/extensions.js';
import { fileSessionCases } from './cases/file-sessions.js';
import { fileCases } from './cases/files.js';
import { groupCases } from './cases/groups.js';
import { imageCases } from './cases/images.js';
import { loginCases } from './cases/login.js';
import { offlineFileCases } from './cases/offline-files.js';
import { readingCases } from './cases/reading.js';
import { sendingCases } from './cases/sending.js';
import { serverCases } from './cases/servers.js';
import { sessionCases } from './cases/sessions.js';
import { sweepCases } from './cases/sweeps.js';
import { transferCases } from './cases/transfers.js';

/** Every case, in the order of the table. */
export const conformanceCases: readonly Case[] = [
  ...connectionCases,
  ...loginCases,
  ...extensionCases,
  ...buddyCases,
  ...sendingCases,
  ...readingCases,
  ...groupCases,
  ...fileCases,
  ...transferCases,
  ...offlineFileCases,
  ...imageCases,
  ...serverCases,
  ...clientCases,
  ...sessionCases,
  ...fileSessionCases,
  ...sweepCases,
];
