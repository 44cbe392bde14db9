/**
 * Which page a path shows. Links load the next page as a whole: the bundle is small, and so focus, history and scrolling are
 * the browser's own, which a screen reader knows.
 */
import { useEffect, useErrorBoundary, useState } from 'preact/hooks';
import { forgetToken, onTokenAsked, rememberToken } from './connection/token.js';
import { BrokenPage } from './parts/broken-page.js';
import { PageFrame } from './parts/page-frame.js';
import { TokenForm } from './parts/token-form.js';
import { UnknownPage } from './parts/unknown-page.js';
import { RunPage } from './run/run-page.js';
import { RunsPage } from './runs/runs-page.js';
import { StartPage } from './start/start-page.js';

export function App({ path }: { readonly path: string }) {
  const [refused, setRefused] = useState<string>();
  useEffect(() => onTokenAsked(setRefused), []);
  if (refused !== undefined) {
    const retry = (token: string) => {
      forgetToken();
      rememberToken(token);
      location.reload();
    };
    return (
      <PageFrame title="Token" at="">
        <TokenForm refused={refused} onToken={retry} />
      </PageFrame>
    );
  }
  return <SafePage path={path} />;
}

/** What one part cannot draw must not leave an empty window, nor what was there before, for good. */
function SafePage({ path }: { readonly path: string }) {
  const [broken] = useErrorBoundary((error) => reportError(error));
  return broken === undefined ? <PageOf path={path} /> : <BrokenPage error={broken} />;
}

function PageOf({ path }: { readonly path: string }) {
  const [, page = '', name = '', ...more] = path.split('/');
  if (path === '/') return <RunsPage />;
  if (page === 'runs' && name !== '' && more.length === 0) return <RunPage id={decodeURIComponent(name)} />;
  if (page === 'start' && name !== '' && more.length === 0) return <StartPage workflow={decodeURIComponent(name)} />;
  return <UnknownPage path={path} />;
}
