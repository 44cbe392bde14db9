/** What a run's callback tells, and how it stands: kept apart from the run, whose retention may be over first. */
import { readFileSync } from 'node:fs';
import type { DeliveryRecord } from '../callbacks.js';
import type { EndNews } from '../facts.js';
import { CALLBACKS_QUEUE, callbackJobId, type RedisKeys } from '../names.js';
import type { Script, ScriptRunner } from '../ports.js';

const script = (name: string): Script => ({
  name,
  lua: readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8'),
});

const RECORD_DELIVERY = script('record-delivery');
const READ_NEWS = script('read-news');

const DELIVERED = 'delivered';

export function createDeliveryRecord(scripts: ScriptRunner, keys: RedisKeys): DeliveryRecord {
  return {
    async news(run, delivery) {
      const kept = await scripts.run(READ_NEWS, [keys.told(run, delivery)], []);
      if (typeof kept !== 'string' || kept === '') return undefined;
      // Our own script wrote it from our own type: its shape is not checked again.
      return kept === DELIVERED ? DELIVERED : (JSON.parse(kept) as EndNews);
    },

    async record(run, fence, delivery) {
      const reply = await scripts.run(
        RECORD_DELIVERY,
        [keys.log(run), fence.lockKey, keys.told(run, delivery.delivery), keys.untold],
        [
          fence.token,
          JSON.stringify(delivery),
          delivery.delivery,
          delivery.state,
          keys.job(CALLBACKS_QUEUE, callbackJobId(run, delivery.delivery)),
        ],
      );
      return Array.isArray(reply) && reply[0] === 'recorded' ? { kind: 'recorded' } : { kind: 'fenced-off' };
    },
  };
}
