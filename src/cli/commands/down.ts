import { stopEmbeddedRedis } from '../../adapters/embedded-redis/embedded-redis.js';
import type { Settings } from '../settings.js';
import type { Terminal } from '../terminal.js';

/** Ends the embedded Redis of the data folder; that there is none is fine. Its data stays. */
export async function down(settings: Settings, { out }: Terminal): Promise<number> {
  const stopped = await stopEmbeddedRedis(settings.dataDir);
  if (settings.json) out.write(`${JSON.stringify({ stopped, dataDir: settings.dataDir })}\n`);
  else if (stopped)
    out.write(`The private Redis of ${settings.dataDir} has ended; its data stays for the next start.\n`);
  else out.write(`No private Redis runs in ${settings.dataDir}: there is nothing to stop.\n`);
  return 0;
}
