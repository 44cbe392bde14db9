/** The log of a command that somebody watches: text between the command's own, without stacks. Elsewhere it is pino's JSON. */
import { createLogger, LEVELS, type Level, levelAsked } from '../adapters/logger.js';
import type { Logger } from '../ports.js';
import { type Screen, wrap } from './terminal.js';

/** As wide as what stands before a message: `12:34:56 error `. */
const MARGIN = ' '.repeat(15);
const NARROWEST = 40;

/**
 * @param quietest what is shown unless SWITCHYARD_LOG_LEVEL says otherwise: commands that report their error themselves log only
 *   what goes beyond it
 */
export function commandLog(screen: Screen, quietest: Level): Logger {
  const wanted = levelAsked() ?? quietest;
  return screen.isTty || wanted === 'silent' ? lines(screen, wanted, {}) : createLogger(wanted);
}

function lines(screen: Screen, wanted: Level, bound: object): Logger {
  const at = (level: Exclude<Level, 'silent'>) => (fields: object, message?: string) => {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(wanted)) return;
    const { colors } = screen;
    const paint = level === 'error' ? colors.red : level === 'warn' ? colors.yellow : colors.dim;
    const details = Object.entries({ ...bound, ...fields }).map(([name, value]) => `${name}=${textOf(value)}`);
    const time = new Date().toISOString().slice(11, 19);
    const text = wrap([message ?? '', ...details].join('  '), Math.max(NARROWEST, screen.columns - MARGIN.length));
    screen.write(`${colors.dim(time)} ${paint(level.padEnd(5))} ${text.join(`\n${MARGIN}`)}\n`);
  };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => lines(screen, wanted, { ...bound, ...fields }),
  };
}

function textOf(value: unknown): string {
  if (value instanceof Error) return value.message;
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined');
}
