/** `npm run soak -- [--minutes 10] [--rate 50]`: ends with a table, and with 1 on a violation or a leak. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { violationText } from '../../src/orchestrators/invariants/verdict.js';
import { soak } from './soak.js';
import { invariantsTable, table } from './tables.js';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, rate: { type: 'string', default: '50' } },
});
const say = (line: string) => void process.stdout.write(`${line}\n`);
/** Of the accepted runs, how many must end as ordered. */
const ENOUGH = 0.9;

const folder = await mkdtemp(join(tmpdir(), 'switchyard-soak-'));
try {
  const report = await soak({ folder, minutes: Number(values.minutes), rate: Number(values.rate), say });
  const { verdict, remains, accepted, asOrdered, faults, seconds } = report;
  const rows = remains.map(({ what, before, after, tolerance = 0 }) => [
    what,
    String(before),
    String(after),
    String(before + tolerance),
  ]);
  say(`\n${table([['left', 'warm', 'at the end', 'at most'], ...rows])}\n\n${invariantsTable([verdict])}`);
  say(`\n${accepted} runs in ${seconds.toFixed(0)} s, ${asOrdered} ended as ordered`);
  say(table(Object.entries(faults).map(([kind, count]) => [kind, `${count} times`])));
  for (const violation of verdict.violations.slice(0, 50)) say(`PROBLEM  ${violationText(violation)}`);
  const tooFew = asOrdered < accepted * ENOUGH;
  if (tooFew) say(`PROBLEM  only ${asOrdered} of ${accepted} ended as ordered`);
  say(verdict.violations.length === 0 && !tooFew ? 'no violation, no leak' : 'FAILED');
  process.exitCode = verdict.violations.length === 0 && !tooFew ? 0 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
