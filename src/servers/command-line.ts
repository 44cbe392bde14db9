/** What every server's command line has in common. Flags win over the environment, the environment over defaults. */
import { parseArgs } from 'node:util';
import { SwitchyardError } from '../errors.js';
import { isLoopback } from '../http-admission.js';

/** A flag that only one server has; it takes a value. */
interface OwnFlag {
  /** Name of the value in the help text, `URL`. */
  readonly value: string;
  readonly env: string;
  readonly help: string;
}

export interface CommandText {
  /** `switchyard-weather` */
  readonly name: string;
  readonly summary: string;
  readonly flags: Readonly<Record<string, OwnFlag>>;
}

interface HttpSettings {
  readonly host: string;
  readonly port: number;
  readonly allowedHosts: readonly string[];
  readonly token: string | undefined;
}

export interface Settings {
  readonly help: boolean;
  /** Absent: stdio. */
  readonly http?: HttpSettings;
  readonly dataDir: string;
  readonly faults: string | undefined;
  /** Values of the server's own flags. */
  readonly own: Readonly<Record<string, string | undefined>>;
}

const TOKEN_VARIABLE = 'SWITCHYARD_SERVER_TOKEN';

/** Throws INVALID_INPUT that says which flag is wrong. */
export function readCommandLine(command: CommandText, argv: readonly string[], env: NodeJS.ProcessEnv): Settings {
  const values = parseFlags(command, argv);
  const text = (name: string) => (typeof values[name] === 'string' ? values[name] : undefined);
  const faults = text('faults') ?? env.SWITCHYARD_FAULTS;
  if (faults && env.NODE_ENV === 'production') {
    throw new SwitchyardError(
      'INVALID_CONFIG',
      `${command.name} refuses --faults ${faults} because NODE_ENV is production.`,
    );
  }
  const own = Object.entries(command.flags).map(([name, flag]) => [name, text(name) ?? env[flag.env]] as const);
  const allowed = values['allow-host'];
  const settings = {
    help: values.help === true,
    dataDir: text('data') ?? env.SWITCHYARD_DATA_DIR ?? '.switchyard',
    faults: faults || undefined,
    own: Object.fromEntries(own),
  };
  if (values.http !== true) {
    const stray = ['port', 'host', 'allow-host'].find((name) => values[name] !== undefined);
    if (stray) throw new SwitchyardError('INVALID_INPUT', `--${stray} needs --http.`);
    return settings;
  }
  const host = text('host') ?? '127.0.0.1';
  const token = env[TOKEN_VARIABLE] || undefined;
  if (!isLoopback(host) && !token) {
    const message = `--host ${host} lets other machines call these tools: set ${TOKEN_VARIABLE} to a secret, or stay on 127.0.0.1.`;
    throw new SwitchyardError('INVALID_CONFIG', message);
  }
  const allowedHosts = [host, ...(Array.isArray(allowed) ? allowed.map(String) : [])];
  return { ...settings, http: { host, port: portNumber(text('port')), allowedHosts, token } };
}

type FlagValues = Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;

function parseFlags(command: CommandText, argv: readonly string[]): FlagValues {
  const own = Object.fromEntries(Object.keys(command.flags).map((name) => [name, { type: 'string' as const }]));
  try {
    return parseArgs({
      args: [...argv],
      options: {
        ...own,
        http: { type: 'boolean' },
        port: { type: 'string' },
        host: { type: 'string' },
        'allow-host': { type: 'string', multiple: true },
        data: { type: 'string' },
        faults: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SwitchyardError('INVALID_INPUT', `${why} See ${command.name} --help.`, { cause });
  }
}

function portNumber(text: string | undefined): number {
  const port = text === undefined ? 0 : Number(text);
  if (text === '' || !Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new SwitchyardError(
      'INVALID_INPUT',
      `--port must be a number from 0 (any free port) to 65535, and is "${text}".`,
    );
  }
  return port;
}

export function helpText({ name, summary, flags }: CommandText): string {
  const rows: [string, string][] = [
    ...Object.entries(flags).map(([flag, own]): [string, string] => [
      `--${flag} ${own.value}`,
      `${own.help} [${own.env}]`,
    ]),
    ['--data DIR', 'folder of the SQLite files (default .switchyard) [SWITCHYARD_DATA_DIR]'],
    ['--faults FILE', 'faults to make happen, for demos and tests [SWITCHYARD_FAULTS]'],
    ['--http', 'Streamable HTTP at /mcp instead of stdio'],
    ['--port N', 'port to listen on (default 0, which takes a free one; the URL is printed on stderr)'],
    ['--host ADDRESS', `address to listen on (default 127.0.0.1; others need ${TOKEN_VARIABLE})`],
    ['--allow-host NAME', 'a further name that Host and Origin headers may give; may be repeated'],
    ['--help', 'this text'],
  ];
  const width = Math.max(...rows.map(([flag]) => flag.length));
  return `${name}: ${summary}

Usage: ${name} [options]

${rows.map(([flag, help]) => `  ${flag.padEnd(width)}  ${help}`).join('\n')}

Examples:
  In an mcp.json:  { "mcpServers": { "${name.replace('switchyard-', '')}": { "command": "${name}", "args": [] } } }
  Over HTTP:       ${name} --http --port 8080
`;
}
