import { describe, expect, it } from 'vitest';
import { escapeHtml, runsPage } from '../../../src/api/runs-page.js';

describe('the page of runs', () => {
  it('escapes whatever comes from outside', () => {
    expect(escapeHtml(`<a href="x" title='y'>&`)).toBe('&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;');
    const id = '"><script>alert(1)</script>';
    const html = runsPage({ runs: [{ id, workflow: '<b>', status: 'completed', createdAt: 0 }], cursor: '"&' }, '<r>');
    expect(html).not.toMatch(/<script|<b>|<r>/);
    expect(html).toContain('href="/admin/queues/queue/runs/%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E"');
    expect(html).toContain('href="/?cursor=%22%26"');
  });

  it('asks for nothing from elsewhere, and says what to do when there are no runs', () => {
    const html = runsPage({ runs: [] }, 'localhost:6379');
    expect(html).not.toMatch(/https?:|<script|<link/);
    expect(html).toContain('switchyard worker');
  });
});
