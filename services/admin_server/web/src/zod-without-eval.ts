// Imported before every schema: the Content-Security-Policy allows no code from texts, and zod would try.
import { z } from 'zod';

z.config({ jitless: true });
