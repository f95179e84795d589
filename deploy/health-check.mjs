// Whether the service in this container is ready; what HEALTHCHECK runs.
import { envSchema } from './dist/config.js';

const port = envSchema.OPS_PORT.parse(process.env.OPS_PORT || undefined);
setTimeout(() => process.exit(1), 4_000);
const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
process.exit(answer?.ok ? 0 : 1);
