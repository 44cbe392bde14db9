import { page } from '../connection/paths.js';
import { PageFrame } from './page-frame.js';

export function UnknownPage({ path }: { readonly path: string }) {
  return (
    <PageFrame title="Not found" at="">
      <h1>There is no page {path}</h1>
      <p>
        <a href={page.runs()}>All runs</a>
      </p>
    </PageFrame>
  );
}
