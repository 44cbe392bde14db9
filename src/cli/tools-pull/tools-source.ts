/** The file that `switchyard tools pull` writes: one maker of typed tasks for each tool, by server. Pure. */
import { createHash } from 'node:crypto';
import type { DescribedTool } from '../../adapters/mcp/server-session.js';
import { assertName } from '../../task.js';
import { isRecord } from './schema-refs.js';
import { commentSource, keySource, objectSource, textSource } from './zod-source.js';

export interface ServerTools {
  readonly server: string;
  readonly tools: readonly DescribedTool[];
}

export interface ToolsSource {
  readonly text: string;
  /** Of what the servers say: the same after the file was formatted. */
  readonly digest: string;
  readonly count: number;
  /** Tools whose names can be no task's, each with the reason. */
  readonly leftOut: readonly string[];
}

const DIGEST = /^\/\/ Digest: ([0-9a-f]{16})$/m;

/** The digest that a file was written with; undefined when it is none of ours. */
export function digestIn(text: string): string | undefined {
  return DIGEST.exec(text)?.[1];
}

/** @param from the module that the file imports from */
export function toolsSource(servers: readonly ServerTools[], from: string): ToolsSource {
  const leftOut: string[] = [];
  const named = [...servers]
    .sort(byName(({ server }) => server))
    .map(({ server, tools }) => ({
      server,
      tools: [...tools].sort(byName(({ name }) => name)).filter((tool) => {
        const why = whyNoTask(`${server}.${tool.name}`);
        if (why !== undefined) leftOut.push(why);
        return why === undefined;
      }),
    }))
    .filter(({ tools }) => tools.length > 0);
  const body = named.map(serverSource).join('');
  const digest = createHash('sha256').update(body).update(from).digest('hex').slice(0, 16);
  return {
    text: `${head(from, digest)}export const tools = {\n${body}};\n`,
    digest,
    count: named.reduce((sum, { tools }) => sum + tools.length, 0),
    leftOut,
  };
}

function head(from: string, digest: string): string {
  return `/**
 * The tools of the configured MCP servers, as makers of typed tasks. Made by \`switchyard tools pull\`: change the servers, not
 * this file. \`switchyard tools pull --check\` says whether it is stale.
 */
// Digest: ${digest}
import { mcpTool } from ${textSource(from)};
import { z } from "zod";

`;
}

function serverSource({ server, tools }: ServerTools): string {
  return `  ${keySource(server)}: {\n${tools.map((tool) => toolSource(server, tool)).join('')}  },\n`;
}

function toolSource(
  server: string,
  { name, description, title, inputSchema, outputSchema, annotations }: DescribedTool,
): string {
  const readOnly = isRecord(annotations) && annotations.readOnlyHint === true;
  const inner = ' '.repeat(6);
  return [
    commentSource(description ?? title, ' '.repeat(4)),
    `    ${keySource(name)}: mcpTool(${textSource(`${server}.${name}`)}, {\n`,
    `${inner}input: ${objectSource(inputSchema, 'sent', inner)},\n`,
    `${inner}output: ${outputSchema === undefined ? 'z.unknown()' : objectSource(outputSchema, 'answered', inner)},\n`,
    readOnly ? `${inner}readOnly: true,\n` : '',
    '    }),\n',
  ].join('');
}

function whyNoTask(capability: string): string | undefined {
  try {
    assertName('tool', capability);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function byName<T>(nameOf: (value: T) => string) {
  return (a: T, b: T): number => (nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : 0);
}
