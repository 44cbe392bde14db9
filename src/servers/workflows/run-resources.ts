/** Runs as resources: `switchyard://runs/<id>` is the whole document of one, and the newest are listed. */
import { ErrorCode, McpError, type Resource } from '@modelcontextprotocol/sdk/types.js';
import { SwitchyardError } from '../../errors.js';
import type { ServedRuns } from './served-runs.js';

const SCHEME = 'switchyard://runs/';
const PAGE = 50;
const TYPE = 'application/json';

/** MCP's own code for a resource that is not there. */
const NOT_FOUND = -32_002;

export const TEMPLATES = [
  {
    uriTemplate: `${SCHEME}{id}`,
    name: 'run',
    title: 'A run',
    description: 'One run as a document: input, output, error, and its timeline with every attempt.',
    mimeType: TYPE,
  },
];

export async function listRuns(
  runs: ServedRuns,
  cursor: string | undefined,
): Promise<{ readonly resources: Resource[]; readonly nextCursor?: string }> {
  const page = await runs.list({ limit: PAGE, ...(cursor !== undefined && { cursor }) });
  return {
    resources: page.runs.map(({ id, workflow, status, createdAt, finishedAt }) => ({
      uri: SCHEME + encodeURIComponent(id),
      name: id,
      title: `${workflow}, ${status === 'open' ? 'queued or running' : status.replace(/_/g, ' ')}`,
      description: `Run of ${workflow}, accepted ${new Date(createdAt).toISOString()}`,
      mimeType: TYPE,
      annotations: { lastModified: new Date(finishedAt ?? createdAt).toISOString() },
    })),
    ...(page.cursor !== undefined && { nextCursor: page.cursor }),
  };
}

/** @throws McpError for a URI that is none of ours, and for a run that is not there */
export async function readRun(runs: ServedRuns, uri: string) {
  const id = uri.startsWith(SCHEME) ? decoded(uri.slice(SCHEME.length)) : undefined;
  if (id === undefined || id === '') {
    throw new McpError(ErrorCode.InvalidParams, `"${uri}" is no resource of this server: use ${SCHEME}<id>`);
  }
  try {
    const run = runs.shown(await runs.run(id).describe());
    return { contents: [{ uri, mimeType: TYPE, text: JSON.stringify(run, null, 2) }] };
  } catch (error) {
    if (error instanceof SwitchyardError && error.code === 'UNKNOWN_RUN') {
      throw new McpError(NOT_FOUND, error.message, { uri });
    }
    throw error;
  }
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
