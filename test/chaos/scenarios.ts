/** Scenarios of faults around the engine (Redis, network, servers), beside the matrix of crashes. One line each. */
import type { FaultScenario } from './faults/fault.js';
import { jobsRemoved, oldBullmqWorker } from './faults/meddling.js';
import {
  answersLost,
  blackHole,
  blackHoleDelivered,
  networkResets,
  networkSlow,
  questionsLost,
} from './faults/network.js';
import { effectsOrphaned } from './faults/orphans.js';
import { duplicateSubmits, redisDownForProducers } from './faults/producers.js';
import { powerLostAlways, powerLostEverysec, redisKilled } from './faults/redis-loss.js';
import { diskFull, evictingRedis, redisFrozen, redisFull } from './faults/redis-trouble.js';
import { twoVersions } from './faults/versions.js';
import { clockSkewed, eventLoopBlocked, workerFrozen, workersStopped } from './faults/workers.js';

export interface Scenario {
  readonly name: string;
  readonly runs: number;
  readonly run: FaultScenario;
}

export const SCENARIOS: readonly Scenario[] = [
  { name: 'Redis killed amid sagas, AOF everysec', runs: 400, run: redisKilled },
  { name: 'power lost, AOF always', runs: 120, run: powerLostAlways },
  { name: 'power lost, AOF everysec', runs: 120, run: powerLostEverysec },
  { name: 'effects orphaned by power loss', runs: 120, run: effectsOrphaned },
  { name: 'Redis frozen', runs: 60, run: redisFrozen },
  { name: 'Redis full', runs: 60, run: redisFull },
  { name: 'disk full', runs: 60, run: diskFull },
  { name: 'Redis that evicts', runs: 1, run: evictingRedis },
  { name: 'connections reset', runs: 60, run: networkResets },
  { name: '100 ms of latency', runs: 30, run: networkSlow },
  { name: 'black hole', runs: 30, run: blackHole },
  { name: 'black hole, delivered late', runs: 30, run: blackHoleDelivered },
  { name: 'answers of Redis lost', runs: 30, run: answersLost },
  { name: 'questions to Redis lost', runs: 30, run: questionsLost },
  { name: 'Redis down for producers', runs: 30, run: redisDownForProducers },
  { name: 'the same submitted by several', runs: 60, run: duplicateSubmits },
  { name: 'worker frozen past its lock', runs: 30, run: workerFrozen },
  { name: 'event loop blocked past its lock', runs: 30, run: eventLoopBlocked },
  { name: 'workers told to stop under load', runs: 60, run: workersStopped },
  { name: 'clock of a worker skewed', runs: 30, run: clockSkewed },
  { name: 'two releases at once', runs: 60, run: twoVersions },
  { name: 'a BullMQ 5.3 worker on a queue of ours', runs: 30, run: oldBullmqWorker },
  { name: 'jobs removed by hand', runs: 60, run: jobsRemoved },
];
