/** A small run of the scenario in which the power goes right after charges. Needs the build. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { effectsOrphaned } from './faults/orphans.js';

test('[P3] after power losses with everysec every effect that stands without a run is named, and no other', {
  timeout: 120_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-orphans-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const report = await effectsOrphaned({ folder, random: () => 0, runs: 24, quick: true });
  expect(report.violations).toEqual([]);
  expect(report.faults).toMatchObject({ 'power loss': 6 });
});
