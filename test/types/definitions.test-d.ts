/** What definitions know of types, and what must not compile. */
import { describe, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import type { BranchResult, WorkflowInput, WorkflowOutput } from '../../src/orchestrators/definition.js';
import { defineFanOut } from '../../src/orchestrators/fan-out.js';
import { defineRouter } from '../../src/orchestrators/router.js';
import { defineSaga } from '../../src/orchestrators/saga.js';
import { workflowTask } from '../../src/orchestrators/workflow-task.js';
import { defineTask, mcpTask, type TaskInput, type TaskOutput } from '../../src/task.js';
import { approval, signal } from '../../src/wait-task.js';
import type {
  OrderOutput,
  order,
  ParallelOutput,
  parallel,
  SupportOutput,
  support,
} from '../../src/workflows/index.js';

const count = defineTask({
  name: 'count',
  input: z.object({ text: z.string(), limit: z.number().default(10) }),
  output: z.object({ words: z.number() }),
  run: ({ text, limit }) => ({ words: Math.min(limit, text.split(' ').length) }),
});

const shout = defineTask({
  name: 'shout',
  input: z.object({ text: z.string() }),
  output: z.string(),
  run: ({ text }) => text.toUpperCase(),
});

const input = z.object({ text: z.string(), at: z.string().transform((text) => new Date(text)) });

describe('a task', () => {
  it('is sent what its schema takes in, and gives what its schema puts out', () => {
    expectTypeOf<TaskInput<typeof count>>().toEqualTypeOf<{ text: string; limit?: number | undefined }>();
    expectTypeOf<TaskOutput<typeof count>>().toEqualTypeOf<{ words: number }>();
  });

  it('over a tool without schemas takes and gives records', () => {
    const tool = mcpTask('crm.look_up');
    expectTypeOf<TaskInput<typeof tool>>().toEqualTypeOf<Record<string, unknown>>();
    expectTypeOf<TaskOutput<typeof tool>>().toEqualTypeOf<Record<string, unknown>>();
  });

  it('does not compile when it returns another shape than its output', () => {
    defineTask({
      name: 'wrong',
      input: z.object({}),
      output: z.object({ words: z.number() }),
      // @ts-expect-error words is a number
      run: () => ({ words: 'three' }),
    });
  });
});

describe('a fan-out', () => {
  const brief = defineFanOut({
    name: 'brief',
    input,
    branches: {
      words: { run: count, with: ({ text }) => ({ text }), when: ({ at }) => at.getTime() > 0 || 'too old' },
      loud: { run: shout, with: ({ text }) => ({ text }) },
    },
    aggregate: ({ words, loud }, context) => {
      expectTypeOf(words).toEqualTypeOf<BranchResult<{ words: number }>>();
      expectTypeOf(loud).toEqualTypeOf<BranchResult<string>>();
      expectTypeOf(context.input).toEqualTypeOf<{ text: string; at: Date }>();
      return { both: words.state === 'completed' && loud.state === 'completed' };
    },
  });

  it('is started with what its schema takes in, and returns what its aggregate does', () => {
    expectTypeOf<WorkflowInput<typeof brief>>().toEqualTypeOf<{ text: string; at: string }>();
    expectTypeOf<WorkflowOutput<typeof brief>>().toEqualTypeOf<{ both: boolean }>();
  });

  it('over a list gives its aggregate the results in order', () => {
    const list = defineFanOut({
      name: 'list',
      input: z.object({ texts: z.array(z.string()) }),
      each: shout,
      split: ({ texts }) => texts.map((text) => ({ text })),
      aggregate: (results) => {
        expectTypeOf(results).toEqualTypeOf<readonly BranchResult<string>[]>();
        return results.length;
      },
    });
    expectTypeOf<WorkflowOutput<typeof list>>().toEqualTypeOf<number>();
  });

  it('does not compile with a wrong payload for a branch', () => {
    // @ts-expect-error the task takes text, not a number
    defineFanOut({
      name: 'wrong',
      input,
      branches: {
        words: { run: count, with: () => ({ text: 7 }) },
      },
      aggregate: () => null,
    });
  });

  it('does not compile when its aggregate reads a branch that does not exist', () => {
    defineFanOut({
      name: 'wrong',
      input,
      branches: { words: { run: count, with: ({ text }) => ({ text }) } },
      // @ts-expect-error there is no branch `loud`
      aggregate: ({ loud }) => loud,
    });
  });

  it('does not compile when it reads an output before it asked how the branch ended', () => {
    defineFanOut({
      name: 'wrong',
      input,
      branches: { words: { run: count, with: ({ text }) => ({ text }) } },
      // @ts-expect-error a failed or skipped branch has no output
      aggregate: ({ words }) => words.output,
    });
  });

  it('does not compile when it reads an input that its schema does not have', () => {
    defineFanOut({
      name: 'wrong',
      input,
      // @ts-expect-error the input has no `txt`
      branches: { words: { run: count, with: ({ txt }) => ({ text: txt }) } },
      aggregate: () => null,
    });
  });

  it('does not compile when a branch is left out without saying why', () => {
    // @ts-expect-error false gives no reason
    defineFanOut({
      name: 'wrong',
      input,
      branches: {
        words: { run: count, with: ({ text }) => ({ text }), when: () => false },
      },
      aggregate: () => null,
    });
  });
});

describe('a router', () => {
  const decided = { priority: 'LOW', evidence: { score: 1 } } as const;

  const desk = defineRouter({
    name: 'desk',
    input,
    classify: ({ text }) => ({ ...decided, route: text === '' ? 'loud' : 'words' }),
    routes: {
      words: { run: count, with: ({ text }, decision) => ({ text, limit: decision.evidence.score }) },
      loud: { run: shout, with: ({ text }) => ({ text }) },
    },
    escalation: {
      to: shout,
      when: ({ decision }) => decision.priority === 'CRITICAL' && 'critical',
      with: ({ reason }) => ({ text: reason }),
    },
    fallback: () => 'nothing',
    returns: ({ result, decision, escalation }) => {
      expectTypeOf(result).toEqualTypeOf<{ words: number } | string | undefined>();
      expectTypeOf(decision.route).toEqualTypeOf<'words' | 'loud'>();
      expectTypeOf(escalation).toEqualTypeOf<string | undefined>();
      return { result: result ?? null, score: decision.evidence.score };
    },
  });

  it('returns what its last function does', () => {
    expectTypeOf<WorkflowInput<typeof desk>>().toEqualTypeOf<{ text: string; at: string }>();
    expectTypeOf<WorkflowOutput<typeof desk>>().toEqualTypeOf<{
      result: string | { words: number } | null;
      score: 1;
    }>();
  });

  it('does not compile when it classifies to a route that does not exist', () => {
    defineRouter({
      name: 'wrong',
      input,
      // @ts-expect-error there is no route `quiet`
      classify: () => ({ ...decided, route: 'quiet' }),
      routes: { loud: { run: shout, with: ({ text }) => ({ text }) } },
      returns: () => null,
    });
  });

  it('does not compile with a priority that does not exist', () => {
    defineRouter({
      name: 'wrong',
      input,
      // @ts-expect-error priorities are CRITICAL, HIGH, MEDIUM and LOW
      classify: () => ({ route: 'loud', priority: 'URGENT', evidence: null }),
      routes: { loud: { run: shout, with: ({ text }) => ({ text }) } },
      returns: () => null,
    });
  });

  it('does not compile with a wrong payload for a route', () => {
    defineRouter({
      name: 'wrong',
      input,
      classify: () => ({ ...decided, route: 'loud' }),
      routes: {
        // @ts-expect-error the task takes text
        loud: { run: shout, with: ({ at }) => ({ text: at }) },
      },
      returns: () => null,
    });
  });

  it('does not compile with a wrong payload for the escalation', () => {
    defineRouter({
      name: 'wrong',
      input,
      classify: () => ({ ...decided, route: 'loud' }),
      routes: { loud: { run: shout, with: ({ text }) => ({ text }) } },
      escalation: {
        to: shout,
        when: () => 'always',
        // @ts-expect-error the task takes `text`
        with: ({ reason }) => ({ reason }),
      },
      returns: () => null,
    });
  });

  it('does not compile with a fallback that no route could have answered', () => {
    defineRouter({
      name: 'wrong',
      input,
      classify: () => ({ ...decided, route: 'loud' }),
      routes: { loud: { run: shout, with: ({ text }) => ({ text }) } },
      // @ts-expect-error the route answers with a string
      fallback: () => 7,
      returns: () => null,
    });
  });
});

describe('a saga', () => {
  const two = defineSaga({ name: 'two', input })
    .step('count', count, {
      with: ({ input: { text } }) => ({ text }),
      undo: [
        shout,
        ({ output, key }) => {
          expectTypeOf(output).toEqualTypeOf<{ words: number } | undefined>();
          return { text: key };
        },
      ],
    })
    .step('shout', shout, {
      with: ({ done }) => {
        expectTypeOf(done.count).toEqualTypeOf<{ words: number }>();
        return { text: String(done.count.words) };
      },
    });

  it('returns what its last function does, in which no step is certain to be done', () => {
    const finished = two.returns((done) => {
      expectTypeOf(done.count).toEqualTypeOf<{ words: number } | undefined>();
      expectTypeOf(done.shout).toEqualTypeOf<string | undefined>();
      return done.shout ?? 'silence';
    });
    expectTypeOf<WorkflowInput<typeof finished>>().toEqualTypeOf<{ text: string; at: string }>();
    expectTypeOf<WorkflowOutput<typeof finished>>().toEqualTypeOf<string>();
  });

  it('does not compile with a step of a name that is taken', () => {
    // @ts-expect-error there is a step `count`
    two.step('count', count, { with: ({ input: { text } }) => ({ text }) });
  });

  it('does not compile when a step reads one that comes later', () => {
    defineSaga({ name: 'wrong', input }).step('shout', shout, {
      // @ts-expect-error `count` is not done yet
      with: ({ done }) => ({ text: String(done.count) }),
    });
  });

  it('does not compile with a wrong payload for a step', () => {
    // @ts-expect-error the task takes text
    two.step('third', shout, { with: ({ done }) => ({ text: done.count.words }) });
  });

  it('does not compile with a wrong payload for an undo', () => {
    two.step('third', shout, {
      with: ({ done }) => ({ text: done.shout }),
      // @ts-expect-error the undo's task takes `text`
      undo: [shout, ({ key }) => ({ key })],
    });
  });

  it('does not compile when an undo relies on an output that may be lost', () => {
    two.step('third', count, {
      with: ({ done }) => ({ text: done.shout }),
      // @ts-expect-error output may be undefined
      undo: [shout, ({ output }) => ({ text: String(output.words) })],
    });
  });

  it('does not compile when `find` answers with another output than the step’s', () => {
    two.step('third', count, {
      with: ({ done }) => ({ text: done.shout }),
      // @ts-expect-error the step's output is { words }
      find: [shout, ({ key }) => ({ text: key }), (answer: string) => answer],
    });
  });
});

describe('stages that wait, and policies', () => {
  const input = z.object({ amount: z.number() });

  it('give later steps what a person or a signal said', () => {
    defineSaga({ name: 'asks', input })
      .step('boss', approval(), { with: ({ input: { amount } }) => ({ question: `${amount}?` }) })
      .step('pickup', signal({ name: 'pickup', output: z.object({ carrier: z.string() }) }), { with: () => null })
      .returns((done) => {
        expectTypeOf(done.boss?.by).toEqualTypeOf<string | undefined>();
        expectTypeOf(done.pickup?.carrier).toEqualTypeOf<string | undefined>();
      });
  });

  it('do not compile when an approval asks nothing, or a default is no signal', () => {
    // @ts-expect-error a question is text
    defineSaga({ name: 'asks', input }).step('boss', approval(), { with: () => ({ details: 1 }) });
    // @ts-expect-error the default must be what the signal brings
    signal({ name: 'pickup', output: z.object({ carrier: z.string() }), default: { by: 'ACME' } });
  });

  it('do not compile for a policy or a pivot that is none', () => {
    const branches = { one: { run: shout, with: () => ({ text: 'a' }) } };
    // @ts-expect-error there is no such policy
    defineFanOut({ name: 'f', input, branches, onFailure: 'ignore', aggregate: () => null });
    // @ts-expect-error a step is the pivot, or it is not named so
    defineSaga({ name: 's', input }).step('one', shout, { with: () => ({ text: 'a' }), pivot: false });
  });
});

describe('a workflow as a task', () => {
  const inner = defineSaga({ name: 'inner', input: z.object({ text: z.string(), limit: z.number().default(1) }) })
    .step('one', count, { with: ({ input: sent }) => sent })
    .returns((done) => done.one?.words ?? 0);
  const nested = workflowTask(inner);

  it('is sent what its workflow is started with, and gives what that returns', () => {
    expectTypeOf<TaskInput<typeof nested>>().toEqualTypeOf<{ text: string; limit?: number | undefined }>();
    expectTypeOf<TaskOutput<typeof nested>>().toEqualTypeOf<number>();
    defineSaga({ name: 'outer', input })
      .step('nested', nested, { with: ({ input: sent }) => ({ text: sent.text }) })
      .returns((done) => expectTypeOf(done.nested).toEqualTypeOf<number | undefined>());
  });

  it('does not compile when it is sent something else', () => {
    // @ts-expect-error the inner workflow takes a text
    defineFanOut({
      name: 'outer',
      input,
      branches: { one: { run: nested, with: () => ({ text: 7 }) } },
      aggregate: () => null,
    });
  });
});

describe('the shipped workflows', () => {
  it('take and return what they say', () => {
    expectTypeOf<WorkflowInput<typeof parallel>>().toEqualTypeOf<{ query: string }>();
    expectTypeOf<WorkflowOutput<typeof parallel>>().toEqualTypeOf<ParallelOutput>();
    expectTypeOf<WorkflowInput<typeof support>>().toEqualTypeOf<{ query: string; customerId?: string | undefined }>();
    expectTypeOf<WorkflowOutput<typeof support>>().toEqualTypeOf<SupportOutput>();
    expectTypeOf<WorkflowOutput<typeof order>>().toEqualTypeOf<OrderOutput>();
  });

  it('do not compile when they are started with something else', () => {
    // @ts-expect-error a query is text
    const asked: WorkflowInput<typeof parallel> = { query: 7 };
    // @ts-expect-error an order needs items, an amount and an address
    const placed: WorkflowInput<typeof order> = { customer: { name: 'Ada', email: 'ada@example.org' } };
    expectTypeOf([asked, placed]).not.toBeAny();
  });
});
