/** How a run's callback stands, kept with the run: one fenced script. */
import { readFileSync } from 'node:fs';
import type { DeliveryRecord } from '../callbacks.js';
import type { RedisKeys } from '../names.js';
import type { Script, ScriptRunner } from '../ports.js';

const RECORD_DELIVERY: Script = {
  name: 'record-delivery',
  lua: readFileSync(new URL('./lua/record-delivery.lua', import.meta.url), 'utf8'),
};

export function createDeliveryRecord(scripts: ScriptRunner, keys: RedisKeys): DeliveryRecord {
  return {
    async record(run, fence, delivery) {
      const reply = await scripts.run(
        RECORD_DELIVERY,
        [keys.log(run), fence.lockKey],
        [fence.token, JSON.stringify(delivery)],
      );
      return Array.isArray(reply) && reply[0] === 'recorded' ? { kind: 'recorded' } : { kind: 'fenced-off' };
    },
  };
}
