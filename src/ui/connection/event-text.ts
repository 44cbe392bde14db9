/** Server-sent events out of text that arrives in pieces; lines end in a line feed, as our server writes them. Pure. */

export interface ServerEvent {
  readonly id: string | undefined;
  readonly name: string;
  readonly data: string;
}

/** Takes a piece of text; returns the events that are whole by then. */
export type EventReader = (piece: string) => readonly ServerEvent[];

export function createEventReader(): EventReader {
  let rest = '';
  return (piece) => {
    const blocks = (rest + piece).split('\n\n');
    rest = blocks.pop() ?? '';
    return blocks.flatMap(eventIn);
  };
}

function eventIn(block: string): readonly ServerEvent[] {
  let id: string | undefined;
  let name = 'message';
  const data: string[] = [];
  for (const line of block.split('\n')) {
    const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/.exec(line) ?? [];
    if (field === 'data') data.push(value);
    if (field === 'event') name = value;
    if (field === 'id') id = value;
  }
  return data.length === 0 ? [] : [{ id, name, data: data.join('\n') }];
}
