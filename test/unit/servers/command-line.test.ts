import { describe, expect, it } from 'vitest';
import { helpText, readCommandLine } from '../../../src/servers/command-line.js';
import { commerceProgram } from '../../../src/servers/commerce/program.js';
import { weatherProgram } from '../../../src/servers/weather/program.js';

const read = (argv: string[], env: NodeJS.ProcessEnv = {}) => readCommandLine(weatherProgram, argv, env);

describe('the command line of a server', () => {
  it('is stdio, with its files in .switchyard, by default', () => {
    expect(read([])).toMatchObject({ help: false, dataDir: '.switchyard', faults: undefined });
    expect(read([]).http).toBeUndefined();
  });

  it('prefers a flag to the environment, its own flags included', () => {
    const env = { SWITCHYARD_DATA_DIR: '/env', SWITCHYARD_FAULTS: 'env.json', SWITCHYARD_WEATHER_SOURCE: 'sample' };
    expect(read([], env)).toMatchObject({ dataDir: '/env', faults: 'env.json', own: { source: 'sample' } });
    expect(read(['--data', 'x', '--faults', 'f.json', '--source', 'auto'], env)).toMatchObject({
      dataDir: 'x',
      faults: 'f.json',
      own: { source: 'auto' },
    });
  });

  it('listens on loopback unless told otherwise, and elsewhere only with a token', () => {
    expect(read(['--http']).http).toMatchObject({ host: '127.0.0.1', port: 0, token: undefined });
    expect(() => read(['--http', '--host', '0.0.0.0'])).toThrow(/SWITCHYARD_SERVER_TOKEN/);
    const open = read(['--http', '--port', '8080', '--host', '0.0.0.0', '--allow-host', 'box'], {
      SWITCHYARD_SERVER_TOKEN: 's',
    });
    expect(open.http).toEqual({ host: '0.0.0.0', port: 8_080, allowedHosts: ['0.0.0.0', 'box'], token: 's' });
  });

  it.each([
    [['--nonsense'], '--nonsense'],
    [['extra'], 'extra'],
    [['--port', '80'], '--port needs --http'],
    [['--http', '--port', 'eighty'], 'eighty'],
    [['--http', '--port', '65536'], '65536'],
    [['--http', '--port', ''], '--port'],
  ])('refuses %j', (argv, problem) => {
    expect(() => read(argv)).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringContaining(problem) }),
    );
  });

  it('refuses faults in production', () => {
    const refused = expect.objectContaining({ code: 'INVALID_CONFIG', message: expect.stringContaining('NODE_ENV') });
    expect(() => read(['--faults', 'f.json'], { NODE_ENV: 'production' })).toThrow(refused);
    expect(() => read([], { NODE_ENV: 'production', SWITCHYARD_FAULTS: 'f.json' })).toThrow(refused);
    expect(read([], { NODE_ENV: 'production' }).faults).toBeUndefined();
  });

  it('explains each flag, with an example', () => {
    const help = helpText(weatherProgram);
    for (const flag of [
      '--source',
      '--open-meteo-url',
      '--data',
      '--faults',
      '--http',
      '--port',
      '--host',
      '--allow-host',
    ]) {
      expect(help).toContain(flag);
    }
    expect(helpText(commerceProgram)).toContain('"commerce": { "command": "switchyard-commerce"');
  });
});
