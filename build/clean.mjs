// Before packing: what an earlier build has left, of files that have moved since, would be published with the rest.
import { rmSync } from 'node:fs';

rmSync('dist', { recursive: true, force: true });
