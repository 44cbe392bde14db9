/** What is tested: a workflow with an input, out of a user's file or shipped with us. Loaded by the command and each worker. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import type { CrashTest } from '../../engine/define-crash-test.js';
import { SwitchyardError } from '../../errors.js';
import type { Workflow } from '../../orchestrators/definition.js';
import { describeIssues, issuesOf } from '../../schema.js';
import { isWorkflow } from '../is-workflow.js';
import { assertAnswers } from './answers.js';
import { loadModule } from './load-module.js';
import { SHIPPED_TESTS } from './shipped-tests.js';

/** How a worker finds the same subject again. */
export const SubjectReference = z.object({
  /** Absolute path, or the name of a shipped one. */
  source: z.string(),
  /** Which workflow, where there are several. */
  workflow: z.string().optional(),
});
export type SubjectReference = z.infer<typeof SubjectReference>;

export interface Subject extends Omit<CrashTest, 'input'> {
  /** Undefined until one is given. */
  readonly input: unknown;
  readonly reference: SubjectReference;
  /** The file; undefined for a shipped subject. */
  readonly file: string | undefined;
}

const workflow = z.custom<Workflow>(isWorkflow, 'expected what defineFanOut, defineRouter or defineSaga returns');
const called = z.custom<NonNullable<CrashTest['effects']>>(
  (value) => typeof value === 'function',
  'expected a function',
);

const test = z.strictObject({
  workflow,
  input: z.unknown(),
  effects: called.optional(),
  reads: z.array(z.string()).optional(),
  ignore: z.array(z.string()).optional(),
  answers: z.record(z.string(), z.unknown()).optional(),
  mcp: z.union([z.string().min(1), z.looseObject({ mcpServers: z.record(z.string(), z.unknown()) })]).optional(),
});

const config = z.looseObject({ workflows: z.array(workflow).min(1), mcp: test.shape.mcp });

/**
 * The crash test that a file exports as `crashTest` (one, or a list), or its only workflow, wherever it stands: an export, a
 * list of them, or a configuration's `workflows`.
 * @throws SwitchyardError INVALID_CONFIG, INVALID_INPUT, UNKNOWN_WORKFLOW
 */
export async function loadSubject({ source, workflow: wanted }: SubjectReference): Promise<Subject> {
  const shipped = SHIPPED_TESTS.get(source);
  if (shipped) return { ...shipped, reference: { source }, file: undefined };
  const file = resolve(source);
  if (!existsSync(file)) {
    const known = [...SHIPPED_TESTS.keys()].join(', ');
    throw new SwitchyardError(
      'INVALID_INPUT',
      `There is no file ${source}. Give a file that exports a crash test (see docs/crash-test.md), or one of ours: ${known}.`,
    );
  }
  const found = testsIn(await loadModule(file), file).filter((one) => !wanted || one.workflow.name === wanted);
  const [only, another] = found;
  if (!only) {
    const what = wanted ? `no workflow "${wanted}"` : 'no workflow, and no `crashTest`';
    throw new SwitchyardError(
      'UNKNOWN_WORKFLOW',
      `${source} exports ${what}: export defineCrashTest({ workflow, input }).`,
    );
  }
  if (another) {
    const names = found.map((one) => one.workflow.name).join(', ');
    throw new SwitchyardError('INVALID_INPUT', `${source} has several workflows: choose one by --workflow: ${names}.`);
  }
  assertAnswers(only.workflow, only.answers ?? {});
  return { ...only, reference: { source: file, workflow: only.workflow.name }, file };
}

type Found = Omit<Subject, 'reference' | 'file'>;

function testsIn(module: Readonly<Record<string, unknown>>, file: string): readonly Found[] {
  if (module.crashTest !== undefined) {
    const parsed = z.union([test.transform((one) => [one]), z.array(test).min(1)]).safeParse(module.crashTest);
    if (parsed.success) return parsed.data;
    const issues = issuesOf(parsed.error);
    throw new SwitchyardError('INVALID_CONFIG', `\`crashTest\` of ${file} is none: ${describeIssues(issues)}`, {
      issues,
    });
  }
  const configured = config.safeParse(module.default).data;
  const mcp = configured?.mcp && { mcp: configured.mcp };
  const values = configured ? configured.workflows : Object.values(module).flat().filter(isWorkflow);
  return [...new Set(values)].map((one) => ({ workflow: one, input: undefined, ...mcp }));
}
