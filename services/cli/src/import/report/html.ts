import type { ImportReport } from './report.js';

/** The report as one page that needs nothing else, to be read, printed and signed. */
export function reportPage(report: ImportReport): string {
  const { verification, inspection, changed } = report;
  return document(
    `Import of ${report.source}`,
    `<p>Begun ${escaped(report.beganAt)}, ${report.finishedAt ? `copied by ${escaped(report.finishedAt)}` : 'not finished'}.
${verdict(report)}</p>
<h2>What is in the new installation</h2>
${table(['', 'count'], Object.entries(report.imported))}
<h2>What was left out, and why</h2>
${table(
  ['from', 'why', 'count'],
  report.leftOut.map(({ name, what, count }) => [name, what, count]),
)}
<h2>What is there in another form</h2>
${table(
  ['what', 'count'],
  [
    [
      'messages with another number; their clients have to empty what they keep locally',
      changed.renumberedMessages,
    ],
    ['conversations of these', changed.renumberedConversations.count],
    ['users with another login name', changed.renamedUsers.count],
    ['users who have no row, and were added as having left', changed.placeholderUsers.count],
    ['voice messages without sound', changed.missingRecordings.count],
    ['accounts of the PHP pages, kept without password', changed.adminAccounts.length],
  ],
)}
${samples(
  'Login names',
  changed.renamedUsers.samples.map((user) => `user ${user.id}: “${user.oldName}” is ${user.newName}`),
)}
${samples(
  'Conversations with other numbers',
  changed.renumberedConversations.samples.map(({ conversation, from }) => `${conversation}, from ${from} on`),
)}
${verification ? verificationPart(verification) : ''}
${
  inspection
    ? `<h2>What was found in the old store</h2>${table(
        ['what', 'what becomes of it', 'count'],
        inspection.findings.map(({ what, becomes, count, samples: shown }) => [
          `${what}${shown.length > 0 ? ` (${shown.join('; ')})` : ''}`,
          becomes,
          count,
        ]),
      )}`
    : ''
}`,
  );
}

/** A page that needs nothing else, with a line to sign on. */
export function document(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${escaped(title)}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
table { border-collapse: collapse; width: 100%; margin: 0.5rem 0 1.5rem }
th, td { text-align: left; padding: 0.25rem 0.75rem 0.25rem 0; border-bottom: 1px solid #ddd; vertical-align: top }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums }
.good { color: #17692c } .bad { color: #b00020 } small { color: #666 }
</style>
<h1>${escaped(title)}</h1>
${body}
<p>Signed: ______________________ &nbsp; Date: ______________</p>
</html>
`;
}

function verdict({ verification }: ImportReport): string {
  if (!verification) return '<strong class="bad">Not verified.</strong>';
  return verification.unexplained === 0
    ? '<strong class="good">Verified by a second program: nothing unexplained.</strong>'
    : `<strong class="bad">${verification.unexplained} unexplained.</strong>`;
}

function verificationPart({
  reconciliations,
  comparisons,
  seconds,
}: NonNullable<ImportReport['verification']>): string {
  return `<h2>Verification</h2>
<p>By a program that shares no code with the importer, in ${seconds.toFixed(0)} s.</p>
${table(
  ['from', 'rows', 'imported', 'left out', 'unexplained'],
  reconciliations.map(({ name, source, imported, leftOut, unexplained }) => [
    name,
    source,
    imported,
    Object.values(leftOut).reduce((sum, count) => sum + count, 0),
    unexplained,
  ]),
)}
${table(
  ['compared', 'count', 'differences'],
  comparisons.map(({ name, compared, differences }) => [name, compared, differences]),
)}
${samples(
  'Unexplained',
  [...reconciliations, ...comparisons].flatMap((each) => each.samples.map((text) => `${each.name}: ${text}`)),
)}`;
}

export function table(heads: string[], rows: (string | number)[][]): string {
  if (rows.length === 0) return '<p>Nothing.</p>';
  const kind = (i: number) => (typeof rows[0]![i] === 'number' ? ' class="number"' : '');
  const head = heads.map((text, i) => `<th${kind(i)}>${escaped(text)}</th>`).join('');
  const body = rows.map(
    (row) =>
      `<tr>${row
        .map(
          (cell, i) =>
            `<td${kind(i)}>${escaped(typeof cell === 'number' ? cell.toLocaleString('en') : cell)}</td>`,
        )
        .join('')}</tr>`,
  );
  return `<table><tr>${head}</tr>${body.join('\n')}</table>`;
}

function samples(heading: string, lines: string[]): string {
  if (lines.length === 0) return '';
  return `<h3>${escaped(heading)}</h3><ul>${lines.map((line) => `<li>${escaped(line)}</li>`).join('')}</ul>`;
}

export function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
