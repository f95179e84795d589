// Says every import that breaks the rules of docs/architecture.md; exit status 1 when there is one.
import { checkImports } from './lib/import-rules.mjs';
import { top } from './lib/steps.mjs';

const problems = await checkImports(top);
for (const problem of problems) process.stdout.write(`${problem}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;
