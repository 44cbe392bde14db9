#!/usr/bin/env node
/** The recording proxy as a program: `crash-test` puts it before each server of an `mcp.json`. See `settings.ts`. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { serveStdio } from '../serve-stdio.js';
import { createProxy } from './proxy.js';
import { appendLine } from './record.js';
import { PROXY_VARIABLE, ProxySettings } from './settings.js';

const settings = ProxySettings.parse(JSON.parse(process.env[PROXY_VARIABLE] ?? 'null'));
const { server, record } = settings;

function transportOf({ upstream }: ProxySettings): Transport {
  if (upstream.kind === 'http') {
    return new StreamableHTTPClientTransport(new URL(upstream.url), { requestInit: { headers: upstream.headers } });
  }
  const { command, args, env, cwd } = upstream;
  // Its stderr is ours, which the worker keeps the last lines of.
  return new StdioClientTransport({
    command,
    args,
    env: { ...getDefaultEnvironment(), ...env },
    stderr: 'inherit',
    ...(cwd !== undefined && { cwd }),
  });
}

const upstream = new Client({ name: 'switchyard-recording-proxy', version: '1.0.0' });
try {
  await upstream.connect(transportOf(settings));
} catch (error) {
  process.stderr.write(`${server} cannot be reached: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
appendLine(record, { kind: 'started', server, pid: process.pid, worker: process.ppid });
const endpoint = await serveStdio(createProxy(upstream, settings), new Set());
// A server that dies is a connection that is lost, for the worker as well.
upstream.onclose = () => process.exit(1);
await endpoint.ended;
upstream.onclose = () => undefined;
await upstream.close();
process.exit(0);
