/** Scenarios of faults around the engine (Redis, network, servers), beside the matrix of crashes. One line each. */
import { jobsRemoved, oldBullmqWorker } from './faults/meddling.js';
import {
  answersLost,
  blackHole,
  blackHoleDelivered,
  networkResets,
  networkSlow,
  questionsLost,
} from './faults/network.js';
import { duplicateSubmits, redisDownForProducers } from './faults/producers.js';
import { powerLostAlways, powerLostEverysec, redisKilled } from './faults/redis-loss.js';
import { diskFull, evictingRedis, redisFrozen, redisFull } from './faults/redis-trouble.js';
import { twoVersions } from './faults/versions.js';
import { clockSkewed, eventLoopBlocked, workerFrozen, workersStopped } from './faults/workers.js';

/** What a scenario is given; `folder` is its own, and removed afterwards. */
interface ScenarioEnv {
  readonly folder: string;
  /** 0 ≤ random < 1, of the printed seed. */
  readonly random: () => number;
  readonly runs: number;
  readonly quick: boolean;
}

interface ScenarioReport {
  readonly accepted: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
  readonly violations: readonly string[];
  readonly notes?: readonly string[];
}

export interface Scenario {
  readonly name: string;
  readonly runs: number;
  readonly run: (env: ScenarioEnv) => Promise<ScenarioReport>;
}

/** Sizes: large enough for the fault to meet every kind of stage, small enough for all of them to take minutes. */
export const SCENARIOS: readonly Scenario[] = [
  { name: 'Redis killed', runs: 400, run: redisKilled },
  { name: 'power lost, always', runs: 150, run: powerLostAlways },
  { name: 'power lost, everysec', runs: 150, run: powerLostEverysec },
  { name: 'Redis frozen', runs: 100, run: redisFrozen },
  { name: 'Redis full', runs: 100, run: redisFull },
  { name: 'disk full', runs: 100, run: diskFull },
  { name: 'Redis evicts', runs: 1, run: evictingRedis },
  { name: 'network resets', runs: 100, run: networkResets },
  { name: 'network slow', runs: 60, run: networkSlow },
  { name: 'black hole', runs: 100, run: blackHole },
  { name: 'black hole, delivered late', runs: 100, run: blackHoleDelivered },
  { name: 'answers lost', runs: 100, run: answersLost },
  { name: 'questions lost', runs: 100, run: questionsLost },
  { name: 'clients without Redis', runs: 60, run: redisDownForProducers },
  { name: 'the same orders from several clients', runs: 100, run: duplicateSubmits },
  { name: 'worker frozen', runs: 100, run: workerFrozen },
  { name: 'event loop blocked', runs: 100, run: eventLoopBlocked },
  { name: 'workers stopped', runs: 150, run: workersStopped },
  { name: 'clocks an hour off', runs: 60, run: clockSkewed },
  { name: 'two releases', runs: 60, run: twoVersions },
  { name: 'BullMQ 5.3 worker', runs: 100, run: oldBullmqWorker },
  { name: 'jobs removed by hand', runs: 150, run: jobsRemoved },
];
