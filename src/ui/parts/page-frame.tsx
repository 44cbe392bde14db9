import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { page } from '../connection/paths.js';
import { Icon } from './icon.js';

interface Frame {
  readonly title: string;
  /** The path of the navigation's entry that this page belongs to. */
  readonly at: string;
  /** Whether what is shown is current. */
  readonly live?: ComponentChildren;
  readonly children: ComponentChildren;
}

const ENTRIES = [
  { path: page.runs(), label: 'Runs' },
  { path: page.queues, label: 'Queues' },
  { path: page.apiDocs, label: 'API' },
] as const;

export function PageFrame({ title, at, live, children }: Frame) {
  useEffect(() => {
    document.title = title === '' ? 'Switchyard' : `${title} · Switchyard`;
  }, [title]);
  return (
    <>
      <a class="skip-link" href="#main">
        Skip to content
      </a>
      <header class="masthead">
        <a class="wordmark" href={page.runs()}>
          <svg viewBox="0 0 32 32" aria-hidden="true" focusable="false">
            <path d="M4 23h9c6 0 5-14 12-14h4M13 23h16" />
          </svg>
          Switchyard
        </a>
        <nav aria-label="Pages">
          {ENTRIES.map(({ path, label }) => (
            <a key={path} href={path} {...(path === at && { 'aria-current': 'page' })}>
              {label}
              {path !== page.runs() && <Icon name="out" />}
            </a>
          ))}
        </nav>
        {live}
      </header>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </>
  );
}
