/** What every tool of every shipped server keeps. */
import { McpError } from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, it } from 'vitest';
import { commerceProgram } from '../../../src/servers/commerce/program.js';
import { databaseProgram } from '../../../src/servers/database/program.js';
import type { ServerProgram } from '../../../src/servers/run-program.js';
import { weatherProgram } from '../../../src/servers/weather/program.js';
import { connect, openTools, refusal } from '../../integration/servers/server-fixture.js';

const programs: { program: ServerProgram; own: Record<string, string>; tools: string[] }[] = [
  { program: weatherProgram, own: { source: 'sample' }, tools: ['get_current_weather', 'get_weather_forecast'] },
  { program: databaseProgram, own: {}, tools: ['query', 'insert', 'update', 'delete', 'adjust', 'list_effects'] },
  {
    program: commerceProgram,
    own: {},
    tools: [
      'charge_payment',
      'refund_payment',
      'find_payment',
      'get_ledger',
      'send_notification',
      'send_cancellation_notification',
      'find_notification',
      'create_shipping_label',
      'cancel_shipping_label',
      'find_label',
      'list_effects',
    ],
  },
];

describe.each(programs)('$program.name', ({ program, own, tools: names }) => {
  it('lists its tools, each with both schemas and with what it promises about its effect', async () => {
    const client = await connect(openTools(program, own));
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(names);
    for (const tool of tools) {
      expect(tool.inputSchema).toMatchObject({ type: 'object', additionalProperties: false });
      expect(tool.outputSchema).toMatchObject({ type: 'object' });
      expect(tool.annotations?.readOnlyHint).toBeTypeOf('boolean');
      if (tool.annotations?.readOnlyHint === false) {
        expect(tool.annotations.idempotentHint).toBeTypeOf('boolean');
        expect(tool.annotations.destructiveHint).toBeTypeOf('boolean');
      }
    }
  });

  it.each(names)('%s refuses an unknown argument for good, naming it', async (name) => {
    const error = await refusal(await connect(openTools(program, own)), name, { nonsense: 1 });
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENTS', retryable: false });
    expect(error.message).toContain('nonsense');
  });

  it.each(names)('%s refuses a "__proto__" key and a NUL character wherever they stand', async (name) => {
    const client = await connect(openTools(program, own));
    const hostile: unknown = JSON.parse('{ "deep": [{ "__proto__": { "polluted": true } }] }');
    expect(await refusal(client, name, { data: hostile })).toMatchObject({
      code: 'INVALID_ARGUMENTS',
      message: expect.stringContaining('__proto__'),
    });
    expect(await refusal(client, name, { data: ['a\0b'] })).toMatchObject({
      code: 'INVALID_ARGUMENTS',
      message: expect.stringContaining('NUL'),
    });
  });

  it('answers a call of a tool that it lacks with the tools that it has', async () => {
    const client = await connect(openTools(program, own));
    const asked = client.callTool({ name: 'constructor', arguments: {} });
    await expect(asked).rejects.toBeInstanceOf(McpError);
    await expect(asked).rejects.toThrow(names.join(', '));
  });
});
