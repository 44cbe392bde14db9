/** What every ToolCaller must do, whatever carries its calls: run for stdio and for HTTP. */
import { getEventListeners } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ToolCallOptions } from '../../../src/ports.js';
import { failureOf, type PoolOverrides, type Rogue } from './rogue.js';

const ONCE: ToolCallOptions = { timeoutMs: 5_000, safeToRepeat: false };
const REPEATED: ToolCallOptions = { timeoutMs: 5_000, safeToRepeat: true };
const SHORT: ToolCallOptions = { timeoutMs: 250, safeToRepeat: false };

const overrides: PoolOverrides = {
  contracts: {
    'rogue.prose': { output: z.object({ temp: z.number() }) },
    'checked.echo': { output: z.object({ temp: z.number(), place: z.object({ name: z.string() }) }) },
    'mapped.echo': { output: z.object({ temp: z.number(), city: z.string(), asked: z.string() }) },
    'reading.die_once': { output: z.unknown(), readOnly: true },
  },
  bindings: {
    'checked.echo': { server: 'rogue', tool: 'echo' },
    'reading.die_once': { server: 'rogue', tool: 'die_once' },
    'mapped.echo': {
      server: 'rogue',
      tool: 'echo',
      arguments: { temperature: '$degrees', place: { name: '$city' }, unit: 'metric' },
      result: { temp: '$.temperature', city: '$.place.name', asked: '$city' },
    },
  },
};

export function toolCallerContract(carrier: string, start: (overrides: PoolOverrides) => Promise<Rogue>): void {
  describe(`a tool caller over ${carrier}`, () => {
    let rogue: Rogue;
    beforeAll(async () => {
      rogue = await start(overrides);
    });
    afterAll(() => rogue.close());

    const call = (capability: string, options = ONCE, args: Record<string, unknown> = {}) =>
      rogue.pool.call(capability, args, options);
    const failure = (capability: string, options = ONCE, args: Record<string, unknown> = {}) =>
      failureOf(call(capability, options, args));

    describe('answers', () => {
      it('resolves with the structured content', async () => {
        expect(await call('rogue.echo', ONCE, { a: [1, { b: null }] })).toEqual({ a: [1, { b: null }] });
      });

      it('resolves with the JSON of a single text block', async () => {
        expect(await call('rogue.echo_text', ONCE, { a: 1 })).toEqual({ a: 1 });
      });

      it('resolves with { text } for several blocks or prose without a contract', async () => {
        expect(await call('rogue.two_blocks')).toEqual({ text: 'one\ntwo' });
      });

      it('maps arguments and answer by the binding and checks what comes out', async () => {
        expect(await call('mapped.echo', ONCE, { city: 'Paris', degrees: 21 })).toEqual({
          temp: 21,
          city: 'Paris',
          asked: 'Paris',
        });
      });

      it('passes the meta on to the server', async () => {
        expect(await rogue.pool.call('rogue.meta', {}, { ...ONCE, meta: { 'switchyard/run': 'r1' } })).toMatchObject({
          'switchyard/run': 'r1',
        });
      });

      it('refuses an answer that the contract does not fit, naming capability, server, tool, path and what was found', async () => {
        const error = await failure('checked.echo', ONCE, { temp: 'mild', place: {} });
        expect(error).toMatchObject({ code: 'ANSWER_MISMATCH', retryable: false, answered: true });
        expect(error.message).toMatch(/checked\.echo.*tool "echo".*server "rogue"/);
        expect(error.message).toContain('temp:');
        expect(error.message).toContain('found "mild"');
        expect(error.message).toContain('place.name:');
        expect(error.message).toContain('found nothing');
        expect(error.issues?.map((issue) => issue.path)).toEqual(['temp', 'place.name']);
      });

      it('refuses a protocol result of the wrong shape', async () => {
        expect(await failure('rogue.wrong_shape')).toMatchObject({ code: 'ANSWER_MISMATCH', answered: true });
      });

      it('refuses an answer over the cap and says both sizes', async () => {
        const error = await failure('rogue.big');
        expect(error).toMatchObject({ code: 'ANSWER_TOO_LARGE', answered: true });
        expect(error.message).toContain('262144');
      });

      it.each(['huge', 'enormous'])(
        'refuses an answer too large to take in (%s), and leaves its neighbours on the connection alone',
        async (tool) => {
          const [error, neighbour] = await Promise.all([failure(`rogue.${tool}`), call('rogue.echo', ONCE, { n: 1 })]);
          expect(error).toMatchObject({ code: 'ANSWER_TOO_LARGE', answered: true });
          expect(neighbour).toEqual({ n: 1 });
        },
      );
    });

    describe('failures the tool reports', () => {
      it.each([
        ['is_error', 'the disk is full', true],
        ['error_text', 'no such city', true],
        ['error_plain_structured', 'no such town', true],
        ['error_detailed', 'CARD_DECLINED: the card was declined', false],
        ['refused_arguments', 'Input validation error', false],
        ['rpc_error', 'inner trouble', true],
        ['rpc_refused', 'bad arguments', false],
        ['rpc_forged', 'Connection closed', true],
        ['prose', 'the database is on fire', true],
      ])("%s is TOOL_FAILED with the tool's own words", async (tool, words, retryable) => {
        const error = await failure(`rogue.${tool}`);
        expect(error).toMatchObject({ code: 'TOOL_FAILED', retryable, answered: true });
        expect(error.message).toContain(words);
        expect(error.message).toContain(`rogue.${tool} `);
      });

      it('hands on how long the tool asks to wait', async () => {
        expect((await failure('rogue.error_detailed')).retryAfterMs).toBe(1500);
      });

      it('is never repeated in place, even where that would be safe', async () => {
        const before = rogue.journal().filter((word) => word === 'is_error').length;
        await failure('rogue.is_error', REPEATED);
        expect(rogue.journal().filter((word) => word === 'is_error')).toHaveLength(before + 1);
      });
    });

    describe('calls without an answer', () => {
      it('ends at the timeout, unknown whether it took effect, and tells the server', async () => {
        const error = await failure('rogue.hang', SHORT);
        expect(error).toMatchObject({ code: 'TOOL_TIMEOUT', retryable: true, answered: false });
        expect(error.message).toContain('250 ms');
        await rogue.journaled('cancelled:hang');
      });

      it('is not kept alive by progress', async () => {
        expect(await failure('rogue.progress_for_ever', SHORT)).toMatchObject({
          code: 'TOOL_TIMEOUT',
          answered: false,
        });
      });

      it('ends when its caller cancels, and the server is told', async () => {
        await rogue.journaled('cancelled:hang');
        const [begun, told] = [rogue.count('hang'), rogue.count('cancelled:hang')];
        const controller = new AbortController();
        const failed = failure('rogue.hang', { ...ONCE, signal: controller.signal });
        await rogue.journaled('hang', begun + 1);
        controller.abort();
        expect(await failed).toMatchObject({ code: 'TOOL_TIMEOUT', answered: false });
        await rogue.journaled('cancelled:hang', told + 1);
      });

      it('is not sent when its caller has cancelled already', async () => {
        const sent = () => rogue.journal().filter((word) => word === 'echo').length;
        const before = sent();
        const error = await failure('rogue.echo', { ...ONCE, signal: AbortSignal.abort() });
        expect(error).toMatchObject({ code: 'TOOL_TIMEOUT', answered: undefined });
        expect(sent()).toBe(before);
      });

      it('leaves no listener on a signal that outlives the call, however it ended', async () => {
        const { signal } = new AbortController();
        await rogue.pool.call('rogue.echo', {}, { ...ONCE, signal });
        await failure('rogue.is_error', { ...ONCE, signal });
        await failure('rogue.nothing_like_it', { ...ONCE, signal });
        await failure('rogue.hang', { ...SHORT, signal });
        await call('rogue.echo');
        expect(getEventListeners(signal, 'abort')).toHaveLength(0);
      });

      it('is TOOL_UNAVAILABLE and sent once when the connection dies in mid-call and repeating is not safe', async () => {
        const startedAt = Date.now();
        const error = await failure('rogue.die');
        expect(error).toMatchObject({ code: 'TOOL_UNAVAILABLE', retryable: true, answered: false });
        expect(rogue.journal().filter((word) => word === 'die')).toHaveLength(1);
        expect(Date.now() - startedAt).toBeLessThan(2_000);
      });

      it('is tried three times in all when repeating is safe', async () => {
        const error = await failure('rogue.die', REPEATED);
        expect(error).toMatchObject({ code: 'TOOL_UNAVAILABLE', answered: false });
        expect(rogue.journal().filter((word) => word === 'die')).toHaveLength(4);
      });

      it('is repeated with the same arguments when the capability only reads', async () => {
        expect(await call('reading.die_once', ONCE, { kept: true })).toEqual({ kept: true });
        expect(rogue.journal().filter((word) => word === 'die_once')).toHaveLength(2);
      });

      it('recovers: the next call is answered', async () => {
        expect(await call('rogue.echo', ONCE, { well: true })).toEqual({ well: true });
      });
    });

    describe('names', () => {
      it('refuses a tool that the server lacks, lists what it has from every page, and sends nothing', async () => {
        const error = await failure('rogue.nothing_like_it');
        expect(error).toMatchObject({ code: 'UNKNOWN_TOOL', retryable: false });
        for (const tool of ['echo', 'hang', 'status_401']) expect(error.message).toContain(tool);
        expect(rogue.journal()).not.toContain('nothing_like_it');
      });

      it('asks the list again before refusing', async () => {
        expect(await call('rogue.appears_later', ONCE, { here: 1 })).toEqual({ here: 1 });
      });

      it.each(['nobody.echo', 'echo', ''])('refuses %j, a server that is not configured', async (capability) => {
        const error = await failure(capability);
        expect(error).toMatchObject({ code: 'UNKNOWN_SERVER', retryable: false });
        expect(error.message).toMatch(/test.*configured: rogue/);
      });
    });

    it('reports each server with its tools', async () => {
      const [report] = await rogue.pool.check();
      expect(report).toMatchObject({
        server: 'rogue',
        ok: true,
        implementation: 'rogue 1',
        tools: expect.arrayContaining(['echo']),
      });
    });

    it('refuses calls after close, which may be called twice', async () => {
      const other = await start({});
      await other.pool.call('rogue.echo', {}, ONCE);
      await Promise.all([other.pool.close(), other.pool.close()]);
      await expect(other.pool.call('rogue.echo', {}, ONCE)).rejects.toMatchObject({ code: 'TOOL_UNAVAILABLE' });
      await other.close();
    });
  });
}
