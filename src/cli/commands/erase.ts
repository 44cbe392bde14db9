import { SwitchyardError } from '../../errors.js';
import type { Erased } from '../../queues/erase-run.js';
import { parseTag } from '../../tags.js';
import { commandLog } from '../command-log.js';
import { withSwitchyard } from '../open-switchyard.js';
import { loadProject } from '../project.js';
import type { Settings } from '../settings.js';
import type { Terminal } from '../terminal.js';

export interface EraseOptions {
  readonly id?: string | undefined;
  readonly tag?: string | undefined;
  /** Nothing is erased without it. */
  readonly yes?: boolean | undefined;
}

/** Exit 0 when everything that was asked for is gone, 1 when some of it is not. */
export async function erase(settings: Settings, options: EraseOptions, { out, err }: Terminal): Promise<number> {
  const { id, tag, yes } = options;
  if ((id === undefined) === (tag === undefined)) {
    throw new SwitchyardError('INVALID_INPUT', 'Say what to erase: an id, or --tag customer=42.');
  }
  if (tag !== undefined) parseTag(tag);
  if (!yes) {
    const what = tag === undefined ? `run ${id}` : `every run with the tag ${tag}`;
    const look = tag === undefined ? `switchyard show ${id}` : `switchyard runs --tag ${tag}`;
    throw new SwitchyardError(
      'INVALID_INPUT',
      `This erases ${what} for good, with its results and its key. Look first: ${look}. Then add --yes.`,
    );
  }
  const project = await loadProject(settings.config);
  return await withSwitchyard(settings, project, commandLog(err, 'silent'), async (sy) => {
    const told: Erased[] = [];
    const tell = (one: Erased) => {
      told.push(one);
      if (!settings.json) out.write(`${one.run}  ${one.erased ? 'erased' : `not erased: ${one.error?.message}`}\n`);
    };
    if (id !== undefined) {
      await sy.run(id).erase();
      tell({ run: id, erased: true });
    } else if (tag !== undefined) {
      for await (const one of sy.erase({ tag })) tell(one);
    }
    if (settings.json) out.write(`${JSON.stringify({ runs: told }, null, 2)}\n`);
    else if (told.length === 0) out.write(`No runs with the tag ${tag}.\n`);
    return told.every(({ erased }) => erased) ? 0 : 1;
  });
}
