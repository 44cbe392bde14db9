import { page } from '../connection/paths.js';
import { PageFrame } from './page-frame.js';

/** A mistake of these pages', said as one: what they show is on the server, and nothing of it is lost. */
export function BrokenPage({ error }: { readonly error: unknown }) {
  return (
    <PageFrame title="Broken" at="">
      <div class="note bad" role="alert">
        <h1>This page cannot show what it was given</h1>
        <p>{error instanceof Error ? error.message : String(error)}</p>
      </div>
      <p class="row">
        <button type="button" class="button main" onClick={() => location.reload()}>
          Load it anew
        </button>
        <a href={page.runs()}>All runs</a>
      </p>
    </PageFrame>
  );
}
