import { adminServer } from './admin-server.js';
import { dbProxyServer } from './db-proxy-server.js';
import { fileServer } from './file-server.js';
import { httpMsgServer } from './http-msg-server.js';
import { loginServer } from './login-server.js';
import { msfs } from './msfs.js';
import { msgServer } from './msg-server.js';
import type { Dashboard } from './panel.js';
import { pushServer } from './push-server.js';
import { routeServer } from './route-server.js';
import { webServer } from './web-server.js';

/** One dashboard a service, in the order a client meets them. */
export const serviceDashboards: readonly Dashboard[] = [
  loginServer,
  msgServer,
  routeServer,
  dbProxyServer,
  httpMsgServer,
  pushServer,
  fileServer,
  msfs,
  webServer,
  adminServer,
];
