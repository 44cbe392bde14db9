// tsc emits only JavaScript; the Lua scripts and the sample data are read at run time from beside the compiled files.
import { chmodSync, cpSync } from 'node:fs';

const assets = /\.(lua|json|sql|html|css)$/;
/** Bundled by `ui.mjs`. */
const pages = /^src[\\/]ui([\\/]|$)/;
cpSync('src', 'dist', {
  recursive: true,
  filter: (source) => !pages.test(source) && (assets.test(source) || !/\.[a-z]+$/.test(source)),
});
for (const program of ['main.js', 'servers/weather/main.js', 'servers/database/main.js', 'servers/commerce/main.js']) {
  chmodSync(`dist/${program}`, 0o755);
}
