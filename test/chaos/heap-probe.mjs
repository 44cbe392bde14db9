// Preloaded into a worker of the soak: at SIGUSR2 it collects its garbage and writes down what is left, in bytes.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = new URL(import.meta.url).searchParams.get('folder');
process.on('SIGUSR2', () => {
  globalThis.gc();
  writeFileSync(join(folder, `heap-${process.pid}`), String(process.memoryUsage().heapUsed));
});
