// Imported before any schema: zod would otherwise use eval, which the Content-Security-Policy forbids.
import { z } from 'zod';

z.config({ jitless: true });
