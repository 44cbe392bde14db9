/** Answers whose script reached Redis twice, because its first reply was lost on the way. */
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/adapters/clock.js';
import { createRunLog } from '../../../src/adapters/run-log.js';
import { createScriptRunner } from '../../../src/adapters/scripts.js';
import { RETENTION_DEFAULTS } from '../../../src/config.js';
import { redisKeys } from '../../../src/names.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import type { ScriptRunner } from '../../../src/ports.js';
import { createAnswers } from '../../../src/queues/answer-stage.js';
import { createStopRun } from '../../../src/queues/stop-run.js';
import { approval, signal } from '../../../src/wait-task.js';
import { type TestEngine, useWorkingEngine } from '../../support/engine.js';
import { anyInput } from '../../support/workflows.js';

const saga = defineSaga({ name: 'asking', input: anyInput })
  .step('ok', approval(), { with: () => ({ question: 'go?' }) })
  .step('word', signal({ name: 'word', output: anyInput }), { with: () => null })
  .returns(({ ok, word }) => [ok?.by, word?.said]);

/** What a client does whose connection broke before the reply was there: it sends the script again. */
function answersSentTwice({ redis, prefix }: TestEngine) {
  const keys = redisKeys(prefix);
  const once = createScriptRunner(redis);
  const twice: ScriptRunner = {
    async run(...script) {
      await once.run(...script);
      return await once.run(...script);
    },
  };
  const deps = {
    keys,
    scripts: twice,
    log: createRunLog(once, keys, RETENTION_DEFAULTS),
    stop: createStopRun(once, keys),
    clock: systemClock,
    definition: () => saga,
  };
  return createAnswers(deps);
}

test('an answer that is sent again, because its reply was lost, is no earlier one of its own', async () => {
  const engine = await useWorkingEngine([saga]);
  const run = await engine.sy.start(saga, {});
  expect((await run.wait('10s')).status).toBe('waiting_approval');
  const answers = answersSentTwice(engine);
  await answers.approve(run.id, { by: 'anna' });
  await answers.signal(run.id, 'word', { said: 'go' });
  expect(await run.wait('10s')).toMatchObject({
    status: 'completed',
    output: ['anna', 'go'],
    words: [{ command: 'approve', by: 'anna' }],
  });
  await expect(answers.signal(run.id, 'word', { said: 'another' })).rejects.toMatchObject({ code: 'ILLEGAL_STATE' });
});
