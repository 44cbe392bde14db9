// The pages, bundled once at build time: what a browser gets are these files and nothing from elsewhere.
import { cpSync } from 'node:fs';
import { build } from 'esbuild';

await build({
  entryPoints: { main: 'src/ui/main.tsx' },
  outdir: 'dist/ui',
  bundle: true,
  minify: true,
  sourcemap: true,
  format: 'esm',
  target: ['es2023', 'chrome123', 'firefox120', 'safari17.5'],
  tsconfig: 'src/ui/tsconfig.json',
  legalComments: 'linked',
  logLevel: 'warning',
});
for (const file of ['index.html', 'icon.svg']) cpSync(`src/ui/${file}`, `dist/ui/${file}`);
