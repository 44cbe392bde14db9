/** A client of server-sent events over `fetch`, as a page that sends a token has to be: the browser's own takes no headers. */

export interface ReceivedEvent {
  readonly event: string;
  readonly id?: string;
  readonly data: unknown;
}

export interface Events {
  readonly headers: Headers;
  /** The next event of this name that has not been taken. */
  next(event: string): Promise<ReceivedEvent>;
  readonly ended: Promise<'ended' | 'cut'>;
  close(): void;
}

export async function openEvents(url: string, headers: Record<string, string> = {}): Promise<Events> {
  const abort = new AbortController();
  const response = await fetch(url, { headers, signal: abort.signal });
  if (!response.ok || !response.body) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  const received: ReceivedEvent[] = [];
  const waiting = new Set<() => void>();
  let over: 'ended' | 'cut' | undefined;
  const wake = () => {
    for (const look of [...waiting]) look();
  };
  async function read(body: ReadableStream<Uint8Array>): Promise<'ended' | 'cut'> {
    const decoder = new TextDecoder();
    let rest = '';
    try {
      for await (const chunk of body) {
        const blocks = (rest + decoder.decode(chunk, { stream: true })).split('\n\n');
        rest = blocks.pop() ?? '';
        for (const block of blocks) {
          const event = eventOf(block);
          if (event) received.push(event);
        }
        wake();
      }
      return 'ended';
    } catch {
      return 'cut';
    }
  }
  const ended = read(response.body).then((how) => {
    over = how;
    wake();
    return how;
  });
  return {
    headers: response.headers,
    ended,
    close: () => abort.abort(),
    next: (name) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const at = received.findIndex(({ event }) => event === name);
          const [found] = at < 0 ? [] : received.splice(at, 1);
          if (!found && over === undefined) return;
          waiting.delete(look);
          if (found) resolve(found);
          else reject(new Error(`the stream ${over} without another event "${name}"`));
        };
        waiting.add(look);
        look();
      }),
  };
}

function eventOf(block: string): ReceivedEvent | undefined {
  const fields = new Map(
    block.split('\n').flatMap((line) => {
      const at = line.indexOf(':');
      return at > 0 ? [[line.slice(0, at), line.slice(at + 1).trimStart()] as const] : [];
    }),
  );
  const [event, id, data] = [fields.get('event'), fields.get('id'), fields.get('data')];
  if (event === undefined || data === undefined) return undefined;
  return { event, data: JSON.parse(data), ...(id !== undefined && { id }) };
}
