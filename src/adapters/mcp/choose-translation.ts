/** Which translation a call goes through. */
import type { Binding } from './binding-config.js';
import { filesystemSearch } from './filesystem-dialect.js';
import { IDENTITY, type Translation, templateTranslation } from './translation.js';

/** The name that `@modelcontextprotocol/server-filesystem` gives at initialize. */
const FILESYSTEM_SERVER = 'secure-filesystem-server';

/**
 * The translation for one tool. An explicit binding always wins; without one, `search_files` of the official filesystem
 * server speaks its dialect, so that this server works unconfigured. Its own raw arguments and answer are had by a
 * binding that names server and tool and nothing else.
 */
export function translationFor(
  binding: Binding | undefined,
  tool: string,
  implementation: string | undefined,
): Translation {
  if (!binding)
    return implementation === FILESYSTEM_SERVER && tool === 'search_files' ? filesystemSearch(undefined) : IDENTITY;
  if ('dialect' in binding) return filesystemSearch(binding.root);
  return templateTranslation(binding.arguments, binding.result);
}
