/** The module of examples/nestjs, in an application of NestJS. */
import 'reflect-metadata';
import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { expect, onTestFinished, test } from 'vitest';
import { SWITCHYARD, switchyardModule } from '../../../examples/nestjs/switchyard.module.js';
import type { Switchyard } from '../../../src/index.js';
import { useRedis } from '../../support/redis.js';
import { silentLog } from '../../support/silent-log.js';
import { echo } from '../../support/workflows.js';

test('its workers start and stop with the application, which has Switchyard to inject', async () => {
  const { url, prefix } = useRedis();
  const options = { connection: url, prefix, workflows: [echo], logger: silentLog };

  /** What any provider of the application does. */
  class Signups {
    constructor(readonly sy: Switchyard) {}
  }
  const application: DynamicModule = {
    module: class Application {},
    imports: [switchyardModule(options, { graceMs: 500 })],
    providers: [{ provide: Signups, useFactory: (sy: Switchyard) => new Signups(sy), inject: [SWITCHYARD] }],
  };
  const app = await NestFactory.createApplicationContext(application, { logger: false });
  onTestFinished(() => app.close());
  const { sy } = app.get(Signups);
  const run = await sy.start(echo, { from: 'NestJS' });
  expect(await run.wait('10s')).toMatchObject({ status: 'completed', output: { from: 'NestJS' } });
  await app.close();
  await expect(sy.start(echo, {})).rejects.toMatchObject({ code: 'ILLEGAL_STATE' });

  // One that only starts runs has no workers.
  const producer = await NestFactory.createApplicationContext(switchyardModule(options, false), { logger: false });
  onTestFinished(() => producer.close());
  const waiting = await producer.get<Switchyard>(SWITCHYARD).start(echo, {});
  expect(await waiting.wait('200ms')).toMatchObject({ status: 'queued' });
});
