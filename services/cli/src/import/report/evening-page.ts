import type { EveningRecord } from '../cutover/evening.js';
import { document, escaped, table } from './html.js';

/** Renders the record of a cutover as an HTML page, to be printed and signed. */
export function eveningPage(title: string, record: EveningRecord): string {
  const kind = record.decision === 'go' ? 'good' : 'bad';
  const deadline = record.deadline === null ? '' : `; it had to be finished by ${escaped(record.deadline)}`;
  return document(
    title,
    `<p>Begun ${escaped(record.beganAt)}, ended ${escaped(record.endedAt)}${deadline}.
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
