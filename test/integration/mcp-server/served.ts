/** The official client, connected to our server in one process or over a real transport. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CallToolResultSchema,
  LoggingMessageNotificationSchema,
  type Progress,
} from '@modelcontextprotocol/sdk/types.js';
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import type { Workflow } from '../../../src/orchestrators/definition.js';
import { createWorkflowServer, type WorkflowServerOptions } from '../../../src/servers/workflows/workflow-server.js';
import type { TestEngine } from '../../support/engine.js';

/** What every tool about a run answers, as far as tests look at it. */
export const Answer = z.looseObject({
  id: z.string(),
  status: z.string(),
  ended: z.boolean(),
  output: z.unknown().optional(),
  error: z.looseObject({ code: z.string() }).optional(),
  next: z.string().optional(),
  stages: z.object({ ended: z.number(), known: z.number() }),
});

const Failure = z.object({ error: z.looseObject({ code: z.string(), message: z.string(), retryable: z.boolean() }) });

export interface Call {
  readonly onProgress?: (progress: Progress & { _meta?: unknown }) => void;
  readonly signal?: AbortSignal;
}

export class TestClient {
  readonly client = new Client({ name: 'test-agent', version: '1' });
  readonly logged: unknown[] = [];
  /** What arrived and was no message of the protocol, among others. */
  readonly errors: Error[] = [];

  static async connect(transport: Transport): Promise<TestClient> {
    const made = new TestClient();
    made.client.setNotificationHandler(
      LoggingMessageNotificationSchema,
      ({ params }) => void made.logged.push(params.data),
    );
    made.client.onerror = (error) => void made.errors.push(error);
    await made.client.connect(transport);
    onTestFinished(() => made.client.close());
    return made;
  }

  async call(name: string, args: Readonly<Record<string, unknown>> = {}, { onProgress, signal }: Call = {}) {
    // Through callTool, which holds the structured answer against the tool's output schema.
    return CallToolResultSchema.parse(
      await this.client.callTool({ name, arguments: { ...args } }, undefined, {
        ...(onProgress && { onprogress: onProgress }),
        ...(signal && { signal }),
      }),
    );
  }

  async answer(name: string, args?: Readonly<Record<string, unknown>>, call?: Call) {
    const { structuredContent, isError, content } = await this.call(name, args, call);
    const [text] = content;
    return {
      ...Answer.parse(structuredContent),
      isError: isError === true,
      text: text?.type === 'text' ? text.text : '',
    };
  }

  /** The error of a call that was refused. */
  async refusal(name: string, args?: Readonly<Record<string, unknown>>) {
    const { isError, content } = await this.call(name, args);
    const [text] = content;
    if (isError !== true || text?.type !== 'text')
      throw new Error(`${name} was not refused: ${JSON.stringify(content)}`);
    return Failure.parse(JSON.parse(text.text)).error;
  }
}

/** Our server over this engine, and a client of it. */
export async function serve(
  { sy }: TestEngine,
  workflows: readonly Workflow[],
  options: Partial<WorkflowServerOptions> = {},
): Promise<TestClient> {
  const server = createWorkflowServer({ sy, workflows, version: '0.0.0', log: () => undefined, ...options });
  const [ours, theirs] = InMemoryTransport.createLinkedPair();
  await server.connect().connect(ours);
  return await TestClient.connect(theirs);
}
