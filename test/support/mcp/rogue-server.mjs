/**
 * An MCP server that misbehaves on request, in plain JSON-RPC: what it does wrong no library would let it do.
 *
 *   node rogue-server.mjs --journal FILE [--http PORT] [--lost-session-status 404] [--json]
 *
 * Each call, cancellation, ping and initialization is appended to the journal, a word a line, so that a test can count
 * what reached the server.
 * With --http it prints its port and serves Streamable HTTP with sessions, as event streams or with --json as JSON.
 */

import { randomUUID } from 'node:crypto';
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    journal: { type: 'string' },
    http: { type: 'string' },
    json: { type: 'boolean', default: false },
    'lost-session-status': { type: 'string', default: '404' },
    'crash-at-start': { type: 'string' },
    'ignore-sigterm': { type: 'boolean', default: false },
    'ignore-pings': { type: 'boolean', default: false },
  },
});

if (options['crash-at-start']) {
  for (let line = 1; line <= 12; line += 1) process.stderr.write(`line ${line}\n`);
  process.stderr.write(`${options['crash-at-start']}\n`);
  process.exit(7);
}
if (options['ignore-sigterm']) {
  process.on('SIGTERM', () => {});
  setInterval(() => {}, 1_000);
}

const journal = (word) => options.journal && appendFileSync(options.journal, `${word}\n`);
const once = (name) => {
  const marker = `${options.journal}.${name}`;
  if (existsSync(marker)) return false;
  writeFileSync(marker, '');
  return true;
};
const text = (value) => ({
  content: [{ type: 'text', text: typeof value === 'string' ? value : JSON.stringify(value) }],
});
const structured = (value) => ({ ...text(value), structuredContent: value });

/** By tool: what it answers, as a result, as `{ rpcError }`, or as nothing at all. */
const TOOLS = {
  echo: (args) => structured(args),
  echo_text: (args) => text(args),
  two_blocks: () => ({ content: [...text('one').content, ...text('two').content] }),
  prose: () => text('the database is on fire'),
  error_text: () => text({ error: 'no such city' }),
  error_plain_structured: () => structured({ error: 'no such town' }),
  error_detailed: () =>
    structured({
      error: { code: 'CARD_DECLINED', message: 'the card was declined', retryable: false, retryAfterMs: 1500 },
    }),
  is_error: () => ({ ...text('the disk is full'), isError: true }),
  refused_arguments: () => ({ ...text('MCP error -32602: Input validation error: city missing'), isError: true }),
  rpc_error: () => ({ rpcError: { code: -32603, message: 'inner trouble' } }),
  rpc_refused: () => ({ rpcError: { code: -32602, message: 'bad arguments' } }),
  rpc_forged: () => ({
    rpcError: { code: -32000, message: 'Connection closed', data: { word: 'guess', kind: 'too-large' } },
  }),
  wrong_shape: () => ({ content: 'not a list' }),
  big: () => text('x'.repeat(300 * 1024)),
  huge: () => text('x'.repeat(5 * 1024 * 1024)),
  // Past the limit at which the SDK's own transport closes the pipe under every call.
  enormous: () => text('x'.repeat(11 * 1024 * 1024)),
  flood: () => {
    process.stderr.write(`${'e'.repeat(99)}\n`.repeat(21_000));
    return structured({ flooded: true });
  },
  flood_and_die: (_args, _message, peer) => {
    process.stderr.write(`${'e'.repeat(99)}\n`.repeat(21_000), () => peer.die());
    return undefined;
  },
  environment: () => structured({ names: Object.keys(process.env), cwd: process.cwd(), pid: process.pid }),
  meta: (_args, message) => structured(message.params._meta ?? {}),
  hang: () => undefined,
  // Journals its key and answers the second time only.
  hang_once: (args) => {
    journal(`key:${args.key}`);
    return once('hang_once') ? undefined : structured(args);
  },
  // Answers once the test has made the file `<journal>.release`.
  hold: async (args) => {
    while (!existsSync(`${options.journal}.release`)) await new Promise((resolve) => setTimeout(resolve, 5));
    return structured(args);
  },
  // Until somebody initializes again.
  ignore_pings: () => {
    ignoresPings = true;
    return structured({ ignored: true });
  },
  freeze: () => {
    for (;;);
  },
  progress_for_ever: (_args, message, peer) => {
    const timer = setInterval(
      () =>
        peer.send({
          jsonrpc: '2.0',
          method: 'notifications/progress',
          params: { progressToken: message.params._meta?.progressToken ?? message.id, progress: 1 },
        }),
      20,
    );
    setTimeout(() => clearInterval(timer), 1_000);
    return undefined;
  },
  // `times` signs of progress, `everyMs` apart, then the answer, or none when `silent`.
  progress: async ({ times, everyMs, silent }, message, peer) => {
    for (let n = 1; n <= times; n += 1) {
      await new Promise((resolve) => setTimeout(resolve, everyMs));
      const progressToken = message.params._meta?.progressToken;
      peer.send({ jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken, progress: n } });
    }
    return silent ? undefined : structured({ times });
  },
  die: (_args, _message, peer) => peer.die(),
  die_once: (args, _message, peer) => (once('die_once') ? peer.die() : structured(args)),
  appears_later: (args) => structured(args),
  spawn_child: async () => {
    const { spawn } = await import('node:child_process');
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
    return structured({ pid: child.pid });
  },
  // Over HTTP only:
  forget_sessions: (_args, _message, peer) => {
    peer.forgetSessions();
    return structured({ forgotten: true });
  },
  end_unanswered: (_args, _message, peer) => peer.end(),
  resumable: (args, message, peer) => peer.endResumable({ jsonrpc: '2.0', id: message.id, result: structured(args) }),
  never_resumed: (_args, _message, peer) => peer.endResumable(undefined),
  status_500: (_args, _message, peer) => peer.status(500, 'upstream fell over'),
  status_401: (_args, _message, peer) => peer.status(401, 'who are you'),
};

const callsById = new Map();
let lists = 0;
let ignoresPings = false;

async function handle(message, peer) {
  if (message.method === 'notifications/cancelled') journal(`cancelled:${callsById.get(message.params.requestId)}`);
  if (message.id === undefined) return;
  const answer = (result) => peer.send({ jsonrpc: '2.0', id: message.id, result });
  if (message.method === 'initialize') {
    journal('initialize');
    ignoresPings = false;
    return answer({
      protocolVersion: message.params.protocolVersion,
      capabilities: { tools: {} },
      serverInfo: { name: 'rogue', version: '1' },
    });
  }
  if (message.method === 'ping') {
    journal('ping');
    return ignoresPings || options['ignore-pings'] ? undefined : answer({});
  }
  if (message.method === 'tools/list') {
    // Three pages, and a tool that is not there the first time.
    const names = Object.keys(TOOLS).filter((name) => name !== 'appears_later' || lists > 2);
    const page = Number(message.params?.cursor ?? 0);
    lists += 1;
    const size = Math.ceil(names.length / 3);
    const tools = names
      .slice(page * size, (page + 1) * size)
      .map((name) => ({ name, inputSchema: { type: 'object' } }));
    return answer({ tools, ...(page < 2 && { nextCursor: String(page + 1) }) });
  }
  if (message.method !== 'tools/call') {
    return peer.send({ jsonrpc: '2.0', id: message.id, error: { code: -32601, message: 'Method not found' } });
  }
  const { name, arguments: args } = message.params;
  journal(name);
  callsById.set(message.id, name);
  const result = await TOOLS[name](args, message, peer);
  if (result?.rpcError) peer.send({ jsonrpc: '2.0', id: message.id, error: result.rpcError });
  else if (result !== undefined) answer(result);
}

function serveStdio() {
  const peer = { send: (message) => process.stdout.write(`${JSON.stringify(message)}\n`), die: () => process.exit(3) };
  createInterface({ input: process.stdin }).on('line', (line) => void handle(JSON.parse(line), peer));
}

function serveHttp(port) {
  const sessions = new Set();
  const kept = new Map();
  const server = createServer(async (request, response) => {
    const session = request.headers['mcp-session-id'];
    if (request.method === 'GET') {
      const answer = kept.get(request.headers['last-event-id']);
      if (!answer) return response.writeHead(405).end();
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      return response.end(`event: message\ndata: ${JSON.stringify(answer)}\n\n`);
    }
    if (request.method === 'DELETE') {
      journal(sessions.delete(session) ? 'session-ended' : 'session-unknown');
      return response.writeHead(200).end();
    }
    let body = '';
    for await (const chunk of request) body += chunk;
    const message = JSON.parse(body);
    if (message.method !== 'initialize' && !sessions.has(session)) {
      return response.writeHead(Number(options['lost-session-status'])).end('No valid session ID provided');
    }
    if (message.id === undefined) {
      response.writeHead(202).end();
      return handle(message, {});
    }
    response.on('close', () => response.writableFinished || journal(`socket-freed:${message.params?.name}`));
    const headers = { 'content-type': options.json ? 'application/json' : 'text/event-stream' };
    if (message.method === 'initialize') {
      const id = randomUUID();
      sessions.add(id);
      headers['mcp-session-id'] = id;
    }
    const open = () => {
      if (!response.headersSent) response.writeHead(200, headers).flushHeaders();
    };
    await handle(message, {
      send: (sent) => {
        open();
        if (options.json) return response.end(JSON.stringify(sent));
        response.write(`event: message\ndata: ${JSON.stringify(sent)}\n\n`);
        if (sent.id !== undefined) response.end();
      },
      die: () => {
        open();
        // After the headers are out, as a proxy does it that loses its upstream.
        setImmediate(() => request.socket.destroy());
      },
      end: () => {
        open();
        response.end();
      },
      endResumable: (answer) => {
        const eventId = randomUUID();
        if (answer) kept.set(eventId, answer);
        open();
        response.end(`id: ${eventId}\ndata: \n\n`);
      },
      status: (status, words) => {
        response.writeHead(status).end(words);
      },
      forgetSessions: () => sessions.clear(),
    });
  });
  server.listen(port, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
}

if (options.http === undefined) serveStdio();
else serveHttp(Number(options.http));
