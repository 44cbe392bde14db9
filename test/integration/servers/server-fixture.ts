/** A data folder, tools opened as the programs open them, and a real MCP client in front. All gone after each test. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { CallToolResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import type { FaultGate } from '../../../src/servers/fault-gate.js';
import type { ServerProgram } from '../../../src/servers/run-program.js';
import type { Tool } from '../../../src/servers/tool.js';
import { createToolServer } from '../../../src/servers/tool-server.js';

export function dataFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-servers-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The tools of a program over a data folder, closed after the test. */
export function openTools(
  program: ServerProgram,
  own: Readonly<Record<string, string>> = {},
  dataDir = dataFolder(),
): readonly Tool[] {
  const opened = program.open({ help: false, dataDir, faults: undefined, own }, () => {});
  onTestFinished(() => opened.close());
  return opened.tools;
}

/** A connected client, over memory, that has listed the tools and so checks answers against their schemas. */
export async function connect(tools: readonly Tool[], faults?: FaultGate): Promise<Client> {
  const [near, far] = InMemoryTransport.createLinkedPair();
  const server = createToolServer({ name: 'under-test', version: '0.0.0', tools, faults, log: () => {} });
  const client = new Client({ name: 'test', version: '0.0.0' });
  await server.connect(far);
  await client.connect(near);
  await client.listTools();
  onTestFinished(() => client.close());
  return client;
}

const ErrorBody = z.strictObject({
  error: z.strictObject({
    code: z.string(),
    message: z.string(),
    retryable: z.boolean(),
    retryAfterMs: z.number().optional(),
  }),
});

type Outcome = { ok: Record<string, unknown> } | z.infer<typeof ErrorBody>;

/** What a client of ours makes of a call: the answer, or the error body. */
async function call(client: Client, tool: string, args: Record<string, unknown>): Promise<Outcome> {
  const result = CallToolResultSchema.parse(await client.callTool({ name: tool, arguments: args }));
  const [block] = result.content;
  if (block?.type !== 'text') throw new Error(`${tool} answered without text`);
  const body: unknown = JSON.parse(block.text);
  if (result.isError) return ErrorBody.parse(body);
  return { ok: z.record(z.string(), z.unknown()).parse(body) };
}

/** The answer of a call that must succeed. */
export async function answer(
  client: Client,
  tool: string,
  args: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const outcome = await call(client, tool, args);
  if ('error' in outcome) throw new Error(`${tool}: ${outcome.error.code}: ${outcome.error.message}`);
  return outcome.ok;
}

/** The error of a call that must fail. */
export async function refusal(client: Client, tool: string, args: Record<string, unknown>) {
  const outcome = await call(client, tool, args);
  if ('ok' in outcome) throw new Error(`${tool} succeeded: ${JSON.stringify(outcome.ok)}`);
  return outcome.error;
}
