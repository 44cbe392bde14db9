import { existsSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { join } from 'node:path';
import type { ContainerRuntimeClient } from 'testcontainers';

export type RedisContainer =
  | { readonly kind: 'started'; readonly url: string; readonly image: string; stop(): Promise<void> }
  | { readonly kind: 'none'; readonly reason: string };

/** Whose containers these are: `<host>/<process id>`. Ryuk is often off, and a killed run then leaves its container. */
const OWNER_LABEL = 'switchyard.test-redis.owner';
const PULL_TIMEOUT_MS = 120_000;
const REDIS_PORT = 6379;

/** As in docker-compose.yml; a container's only way in is the published port, so there is no password to protect. */
const COMMAND = [
  'redis-server',
  ...['--protected-mode', 'no'],
  ...['--appendonly', 'yes', '--appendfsync', 'everysec', '--save', ''],
  ...['--maxmemory-policy', 'noeviction'],
];

/** Rejects never: whatever is missing is the reason why there is no container. */
export async function startRedisContainer(image: string): Promise<RedisContainer> {
  if (!mayHaveDocker()) return { kind: 'none', reason: 'no Docker socket' };
  try {
    const { GenericContainer, ImageName, Wait, getContainerRuntimeClient } = await import('testcontainers');
    const runtime = await getContainerRuntimeClient();
    const name = ImageName.fromString(image);
    if (!(await runtime.image.exists(name)))
      await within(PULL_TIMEOUT_MS, `pulling ${image}`, runtime.image.pull(name));

    for (const left of await runtime.container.list()) {
      if (isOrphan(left.Labels[OWNER_LABEL])) await sweep(runtime.container, left.Id);
    }
    const container = await new GenericContainer(image)
      .withCommand(COMMAND)
      .withExposedPorts(REDIS_PORT)
      .withLabels({ [OWNER_LABEL]: `${hostname()}/${process.pid}` })
      .withWaitStrategy(Wait.forLogMessage(/Ready to accept connections/))
      .withStartupTimeout(30_000)
      .start();
    return {
      kind: 'started',
      image,
      url: `redis://${container.getHost()}:${container.getMappedPort(REDIS_PORT)}`,
      stop: async () => {
        await container.stop({ removeVolumes: true });
      },
    };
  } catch (error) {
    return { kind: 'none', reason: error instanceof Error ? error.message : String(error) };
  }
}

/** A failure is no reason to go without: another run may be sweeping the same container. */
async function sweep(containers: ContainerRuntimeClient['container'], id: string): Promise<void> {
  const container = containers.getById(id);
  try {
    await containers.stop(container, { timeout: 1_000 });
    await containers.remove(container, { removeVolumes: true });
  } catch (error) {
    process.stderr.write(`Cannot remove the container ${id} of an earlier test run: ${String(error)}\n`);
  }
}

/** Loading Testcontainers and asking everywhere takes a second, which most runs without Docker need not spend. */
function mayHaveDocker(): boolean {
  if (process.env.DOCKER_HOST || process.env.TESTCONTAINERS_HOST_OVERRIDE) return true;
  const home = homedir();
  const sockets = [
    '/var/run/docker.sock',
    join(home, '.testcontainers.properties'),
    join(home, '.docker/run/docker.sock'),
    join(home, '.docker/desktop/docker.sock'),
    join(home, '.colima/default/docker.sock'),
    ...(process.env.XDG_RUNTIME_DIR ? [join(process.env.XDG_RUNTIME_DIR, 'docker.sock')] : []),
    ...(process.getuid ? [`/run/user/${process.getuid()}/docker.sock`] : []),
  ];
  return sockets.some((path) => existsSync(path));
}

function isOrphan(owner: string | undefined): boolean {
  const [host, pid] = owner?.split('/') ?? [];
  if (host !== hostname() || pid === undefined) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'EPERM');
  }
}

async function within<T>(ms: number, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
