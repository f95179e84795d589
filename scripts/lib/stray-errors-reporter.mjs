// A reporter for vitest: writes the errors that were thrown outside of every test, which its JSON report leaves out, to
// the file that STRAY_ERRORS_FILE names. A run with one of them fails although no test has.
import { writeFileSync } from 'node:fs';

export default class StrayErrorsReporter {
  onTestRunEnd(_modules, unhandledErrors) {
    const file = process.env.STRAY_ERRORS_FILE;
    if (!file) return;
    const errors = unhandledErrors.map(({ VITEST_TEST_PATH: path, stack, message }) => ({
      path,
      message: String(stack ?? message),
    }));
    writeFileSync(file, JSON.stringify(errors));
  }
}
