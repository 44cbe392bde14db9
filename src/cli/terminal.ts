/** Where a command writes: results to `out`, everything else to `err`. */
import pc from 'picocolors';

export type Colors = ReturnType<typeof pc.createColors>;

export interface Screen {
  write(text: string): void;
  /** Somebody watches: lines may be redrawn. */
  readonly isTty: boolean;
  /** Characters in a line. */
  readonly columns: number;
  readonly rows: number;
  readonly colors: Colors;
}

export interface Terminal {
  readonly out: Screen;
  readonly err: Screen;
}

/** Where nobody watches, a line has this many characters: a log is read in a window of some width, too. */
const PLAIN_COLUMNS = 80;
const PLAIN_ROWS = 24;

export function processTerminal(): Terminal {
  return { out: screenOf(process.stdout), err: screenOf(process.stderr) };
}

function screenOf(stream: NodeJS.WriteStream): Screen {
  // The reader may leave (`switchyard runs | head -1`): the command still ends as it would have, with its own exit code.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  const isTty = stream.isTTY === true && TERM !== 'dumb';
  return {
    write: (text) => void stream.write(text),
    isTty,
    get columns() {
      return isTty ? stream.columns || PLAIN_COLUMNS : PLAIN_COLUMNS;
    },
    get rows() {
      return isTty ? stream.rows || PLAIN_ROWS : PLAIN_ROWS;
    },
    colors: pc.createColors(!NO_COLOR && (isTty || Boolean(FORCE_COLOR))),
  };
}

/** Text from outside as one line: a terminal obeys control characters, whoever wrote them. */
export function oneLine(text: string): string {
  return text.replace(/\s*[\p{Cc}\p{Zl}\p{Zp}]+\s*/gu, ' ').trim();
}

/** At most `width` characters, an ellipsis in place of the rest. */
export function clip(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`;
}

/** Words in lines of at most `width` characters; a longer word stands alone. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of oneLine(text).split(/ +/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
