/**
 * Makes docs/retry-safety.md: calls each tool twice with the same arguments through the recording proxy of `crash-test`, looks
 * into the server's books before, between and after, and compares that with what the tool says of itself.
 *
 *   npm run retry-safety
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parseMcpConfig } from '../../src/adapters/mcp/config.js';
import { createToolPool } from '../../src/adapters/mcp/tool-pool.js';
import { outcomeOf } from '../../src/cli/crash-test/count-effects.js';
import { RecordReader } from '../../src/cli/crash-test/record.js';
import type { ToolFacts } from '../../src/servers/recording-proxy/record.js';
import { PROXY_VARIABLE } from '../../src/servers/recording-proxy/settings.js';
import { type Probe, type ProbedServer, SERVERS } from './servers.js';

const PROXY = resolve('dist/servers/recording-proxy/main.js');
const OUTPUT = 'docs/retry-safety.md';
const base = mkdtempSync(join(tmpdir(), 'switchyard-retry-safety-'));

/** Packages that are run, and not installed with this one: without their install scripts, as nothing is compiled. */
function install(): void {
  const wanted = SERVERS.flatMap(({ from }) => ('npm' in from ? [`${from.npm}@${from.version}`] : []));
  writeFileSync(join(base, 'package.json'), '{"private":true}');
  const options = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel', 'error'];
  execFileSync('npm', ['install', ...options, ...wanted], { cwd: base, stdio: 'inherit' });
}

function programOf({ from }: ProbedServer): string {
  if ('ours' in from) return resolve(`dist/servers/${from.ours}/main.js`);
  const folder = join(base, 'node_modules', from.npm);
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return join(folder, String(typeof bin === 'string' ? bin : Object.values(bin)[0]));
}

interface Row {
  readonly tool: string;
  readonly says: string;
  readonly key: string;
  readonly again: string;
  readonly isTrue: string;
  readonly declare: string;
}

async function probeServer(server: ProbedServer): Promise<readonly Row[]> {
  const folder = join(base, server.name.replaceAll(/\W+/g, '-'));
  mkdirSync(folder, { recursive: true });
  const record = join(base, `${server.name.replaceAll(/\W+/g, '-')}.jsonl`);
  const upstream = {
    kind: 'stdio',
    command: process.execPath,
    args: [programOf(server), ...(server.args?.(folder) ?? [])],
    env: server.env?.(folder) ?? {},
    cwd: folder,
  };
  const settings = JSON.stringify({ server: 's', record, upstream });
  const proxy = { command: process.execPath, args: [PROXY], env: { [PROXY_VARIABLE]: settings } };
  const pool = createToolPool({ config: parseMcpConfig({ mcpServers: { s: proxy } }, 'retry-safety') });
  const reader = new RecordReader(record);
  const call = (tool: string, args: object, stage = '') =>
    pool.call(
      `s.${tool}`,
      { ...args },
      {
        timeoutMs: 20_000,
        safeToRepeat: false,
        meta: { 'switchyard/run': server.name, 'switchyard/crash-test-stage': stage },
      },
    );
  try {
    const rows: Row[] = [];
    for (const probe of server.probes) {
      for (const { tool, args } of probe.after ?? []) await call(tool, args(folder));
      const args = { ...probe.args(folder), ...(probe.key && { [probe.key]: `retry/${probe.tool}/1` }) };
      const states: unknown[] = [];
      const look = async () => states.push(await server.state(folder, (tool, asked) => call(tool, asked)));
      await look();
      for (const attempt of ['first', 'second']) {
        await call(probe.tool, args, `${attempt} ${probe.tool}`).catch(() => undefined);
        await look();
      }
      const outcomes = ['first', 'second'].map((attempt) => {
        const made = reader.run(server.name).calls.find(({ stage }) => stage === `${attempt} ${probe.tool}`);
        return made ? outcomeOf(made) : 'unanswered';
      });
      rows.push(rowOf(probe, reader.tools().get(`s.${probe.tool}`), states, outcomes));
    }
    return rows;
  } finally {
    await pool.close();
    reader.close();
  }
}

function rowOf(
  probe: Probe,
  facts: ToolFacts | undefined,
  states: readonly unknown[],
  outcomes: readonly string[],
): Row {
  const { readOnlyHint, idempotentHint } = facts?.annotations ?? {};
  const destructive = facts?.annotations?.destructiveHint;
  const [before, once, twice] = states;
  const [changed, changedAgain] = [!isDeepStrictEqual(before, once), !isDeepStrictEqual(once, twice)];
  if (outcomes[0] !== 'answered')
    throw new Error(`${probe.tool}: its first call was ${outcomes[0]}: correct its probe`);
  const isRefused = outcomes[1] === 'refused';
  const isUnseen = !readOnlyHint && !changed && !changedAgain && !isRefused;
  const repeated = changedAgain ? 'a second effect' : changed ? 'the same effect' : 'no effect';
  const again = isRefused ? 'refused' : isUnseen ? 'cannot be seen' : repeated;
  const hints = [
    ...(readOnlyHint ? ['reads'] : []),
    ...(!readOnlyHint && idempotentHint !== undefined ? [idempotentHint ? 'idempotent' : 'not idempotent'] : []),
    ...(!readOnlyHint && destructive !== undefined ? [destructive ? 'destructive' : 'not destructive'] : []),
  ];
  return {
    tool: `\`${probe.tool}\``,
    says: hints.join(', ') || 'nothing',
    key: probe.key === undefined ? '–' : `\`${probe.key}\``,
    again,
    isTrue: isUnseen ? '–' : truth({ readOnlyHint, idempotentHint, changed, changedAgain, isRefused }),
    declare: isUnseen
      ? 'nothing'
      : declaration(probe, { isReading: readOnlyHint === true && !changed, changedAgain, isRefused }),
  };
}

function truth(seen: {
  readonly readOnlyHint: boolean | undefined;
  readonly idempotentHint: boolean | undefined;
  readonly changed: boolean;
  readonly changedAgain: boolean;
  readonly isRefused: boolean;
}): string {
  const { readOnlyHint, idempotentHint, changed, changedAgain, isRefused } = seen;
  if (readOnlyHint) return changed ? '**no**: it writes' : 'yes';
  if (idempotentHint === true) return changedAgain ? '**no**' : isRefused ? 'yes, but it refuses' : 'yes';
  if (idempotentHint === false) return changedAgain || isRefused ? 'yes' : 'more careful than it says';
  return '–';
}

function declaration(
  { key }: Probe,
  { isReading, changedAgain, isRefused }: { isReading: boolean; changedAgain: boolean; isRefused: boolean },
): string {
  if (key !== undefined) return changedAgain ? 'nothing: the key is not honoured' : `\`key: '${key}'\``;
  if (isReading) return '`idempotent: true`';
  if (isRefused) return '`find`, or nothing';
  return changedAgain ? '`find`, or nothing' : '`idempotent: true`';
}

function table(server: ProbedServer, rows: readonly Row[]): string {
  const { from } = server;
  const source = 'npm' in from ? `\`${from.npm}\` ${from.version}` : 'of this package';
  return [
    `## ${server.name}`,
    '',
    `${source[0]?.toUpperCase()}${source.slice(1)}.`,
    '',
    '| tool | says of itself | key | called again | is that true | declare |',
    '|---|---|---|---|---|---|',
    ...rows.map((row) => `| ${Object.values(row).join(' | ')} |`),
    '',
  ].join('\n');
}

const HEAD = `# Which tools are safe to retry

Made by \`npm run retry-safety\`; do not edit. Each tool was called twice with the same arguments through the recording proxy of
\`switchyard crash-test\`. "Called again" is what the second call did to the server's own books, looked at before, between and
after: not what the tool answered. "Says of itself" are its MCP annotations; absent ones are not guessed; *more careful than it says* is a tool that announces less than it keeps. "Declare" is what to
give \`mcpTask\`; *nothing* leaves the task unsafe: after a lost answer a person is asked.

One call with one set of arguments is a sample, no proof: \`idempotent: true\` means that *your* call is. A call that is repeated
later, after somebody else has changed the same thing, overwrites that: \`write_file\` is one effect again and again, and loses what
was written in between. A tool that refuses its repetition has done nothing twice, yet its run fails unless a \`find\` tells that the
first call succeeded.

Servers that need \`sqlite3\` or \`better-sqlite3\` are not here: these fetch or compile a native module at their installation.
`;

try {
  install();
  const parts: string[] = [HEAD];
  for (const server of SERVERS) {
    parts.push(table(server, await probeServer(server)));
    console.log(`${server.name}: ${server.probes.length} tools`);
  }
  writeFileSync(OUTPUT, parts.join('\n'));
} finally {
  rmSync(base, { recursive: true, force: true });
}
