/**
 * An agent's program in a process of its own, to be killed: starts the MCP server that its arguments name, calls one tool, and
 * prints the first progress that counts a stage, with the run.
 */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';

const [call, command, ...args] = process.argv.slice(2);
const { tool, input, env } = JSON.parse(call);
const client = new Client({ name: 'doomed-agent', version: '1' });
await client.connect(new StdioClientTransport({ command, args, env, stderr: 'ignore' }));
await client.callTool({ name: tool, arguments: input }, undefined, {
  onprogress: (progress) => {
    if (progress.progress >= 1) process.stdout.write(`${JSON.stringify(progress)}\n`);
  },
});
