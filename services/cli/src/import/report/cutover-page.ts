import type { CutoverRecord } from '../cutover/cutover.js';
import { document, escaped, table } from './html.js';

/** The record of the evening as one page, to be read, printed and signed. */
export function cutoverPage(record: CutoverRecord): string {
  const kind = record.decision === 'go' ? 'good' : 'bad';
  return document(
    `Move from ${record.source}`,
    `<p>Begun ${escaped(record.beganAt)}, ended ${escaped(record.endedAt)}; it had to be over by ${escaped(record.deadline)}.
<strong class="${kind}">${record.decision === 'go' ? 'Go.' : 'No go.'}</strong></p>
<h2>Go or no go</h2>
${table(
  ['question', 'found', ''],
  record.criteria.map(({ question, found, isMet }) => [question, found, isMet ? 'yes' : 'NO']),
)}
<h2>What was done</h2>
${table(
  ['at', 'what', 'result', 'seconds'],
  record.steps.map(({ beganAt, name, result, seconds }) => [beganAt, name, result, Math.round(seconds)]),
)}
<h2>What to do now</h2>
<ol>${record.next.map((each) => `<li>${escaped(each)}</li>`).join('')}</ol>`,
  );
}
