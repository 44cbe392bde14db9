/** The first page: the latest runs and the way to their queues. Plain HTML, nothing from elsewhere. */
import type { ListedRun, RunPage } from '../ports.js';
import { BULL_BOARD_PATH } from './bull-board.js';

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --dim: #777; --good: #15803d; --bad: #b91c1c; --part: #a16207; --back: #7e22ce; --busy: #0369a1; }
@media (prefers-color-scheme: dark) { :root { --dim: #999; --good: #4ade80; --bad: #f87171; --part: #facc15; --back: #c084fc; --busy: #38bdf8; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
header { display: flex; flex-wrap: wrap; gap: 0 1.5rem; align-items: baseline; }
h1 { font-size: 1.4rem; margin: 0; }
nav { margin-left: auto; }
a { color: inherit; }
.scroll { overflow-x: auto; margin-top: 1.5rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
th, .dim { color: var(--dim); font-weight: normal; }
td.id { font-family: ui-monospace, monospace; font-size: .85em; }
.completed { color: var(--good); } .partial, .waiting_approval { color: var(--part); }
.failed, .cancelled, .in_doubt, .compensation_stuck { color: var(--bad); }
.compensated, .compensating { color: var(--back); } .open { color: var(--busy); }
`;

/** The style is the page's own; no script runs, no request leaves. */
export const PAGE_HEADERS = {
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
} as const;

export function runsPage({ runs, cursor }: RunPage, redis: string): string {
  const rows = runs.map(row).join('\n');
  const older = cursor === undefined ? '' : `<p><a href="/?cursor=${encodeURIComponent(cursor)}">Older runs</a></p>`;
  const table = `<div class="scroll"><table>
<thead><tr><th scope="col">Status</th><th scope="col">Workflow</th><th scope="col">Run</th><th scope="col">Accepted</th><th scope="col">Took</th></tr></thead>
<tbody>
${rows}
</tbody></table></div>`;
  const none = `<p>No runs yet. Start a worker with <code>switchyard worker</code>, then a run with
<code>switchyard enqueue parallel '{"query":"weather in Paris"}'</code>.</p>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Switchyard</title>
<style>${STYLE}</style>
</head>
<body>
<header><h1>Switchyard</h1><span class="dim">Redis ${escapeHtml(redis)}</span>
<nav><a href="${BULL_BOARD_PATH}">Queues (Bull Board)</a></nav></header>
<main>
${runs.length === 0 ? none : table}
${older}
<p class="dim">A run in full: <code>switchyard show &lt;run&gt;</code></p>
</main>
</body>
</html>
`;
}

function row({ id, workflow, status, createdAt, finishedAt }: ListedRun): string {
  const accepted = new Date(createdAt).toISOString();
  const took = finishedAt === undefined ? '' : `${((finishedAt - createdAt) / 1_000).toFixed(2)} s`;
  const job = `${BULL_BOARD_PATH}/queue/runs/${encodeURIComponent(id)}`;
  const shown = status === 'open' ? 'queued or running' : status.replace(/_/g, ' ');
  return `<tr><td class="${escapeHtml(status)}">${escapeHtml(shown)}</td><td>${escapeHtml(workflow)}</td>\
<td class="id"><a href="${escapeHtml(job)}">${escapeHtml(id)}</a></td>\
<td><time datetime="${accepted}">${accepted.slice(0, 19).replace('T', ' ')} UTC</time></td><td>${took}</td></tr>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
