/** The tool by which whoever gave the keys finds effects that he has lost the record of; see `effect-listing.ts`. */
import { EffectPage, EffectQuery, LIST_EFFECTS } from '../effect-listing.js';
import { defineTool, type Tool } from './tool.js';

export function listEffectsTool(list: (query: EffectQuery) => EffectPage | Promise<EffectPage>): Tool {
  return defineTool({
    name: LIST_EFFECTS,
    title: 'List effects by their keys',
    description:
      'Lists the effects that were made under an idempotencyKey, in the order of the keys, each with its tool and whether ' +
      'it has been undone since. A key that an undo barred before its effect came counts as undone.',
    annotations: { readOnlyHint: true, openWorldHint: false },
    input: EffectQuery,
    output: EffectPage,
    run: list,
  });
}
