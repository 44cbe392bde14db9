/** Commands for every day that are about more than one run: erasing, pausing, retrying in bulk, schedules. */
import type { Command } from 'commander';
import { z } from 'zod';
import type { Carry } from './carry.js';
import { addScheduleCommands } from './schedules-program.js';

const text = z.string().optional();
const flag = z.boolean().optional();

const Erase = z.object({ tag: text, yes: flag });
const Retry = z.object({
  ...{
    workflow: text,
    status: text,
    tag: text,
    since: text,
    limit: text,
    inDoubt: flag,
    dryRun: flag,
    reason: text,
    by: text,
  },
  wait: z.union([z.string(), z.boolean()]).optional(),
});
const Limit = z.object({ total: text, rate: text, clear: flag });
const Pause = z.object({ workflow: text, queue: text, reason: text, by: text });

export function addEverydayCommands(program: Command, carry: Carry): void {
  program
    .command('erase')
    .description('erase an ended run from Redis for good: record, jobs, results, key')
    .argument('[id]', "the run's id")
    .option('--tag <tag>', 'every run with this tag instead')
    .option('--yes', 'really')
    .addHelpText('after', '\nExamples:\n  switchyard erase <id> --yes\n  switchyard erase --tag customer=42 --yes\n')
    .action(async (id: string | undefined, options: unknown, self: Command) => {
      const { erase } = await import('./commands/erase.js');
      await carry(self, (settings, terminal) => erase(settings, { id, ...Erase.parse(options) }, terminal));
    });
  program
    .command('retry')
    .description('run again what failed, keeping finished results; what was undone begins anew as another run')
    .argument('[id]', "the run's id; without one, all that fit")
    .option('--workflow <name>', 'all: only of this workflow')
    .option('--status <status>', 'all: failed (default), partial, cancelled or compensated')
    .option('--tag <tag>', 'all: only with this tag, such as customer=42')
    .option('--since <time>', 'all: only those that ended within this time, such as 1h')
    .option('--limit <n>', 'all: at most this many, newest first')
    .option('--in-doubt', 'all: also those of which an effect may have happened, and would be made again')
    .option('--dry-run', 'all: say what would be done')
    .option('--reason <text>', 'why; kept with the run')
    .option('--by <name>', 'who says it; kept with the run (default: the user of this terminal)')
    .option('--wait [limit]', 'one: until it ends, or at most this long')
    .addHelpText(
      'after',
      `
Examples:
  switchyard retry <id> --wait
  switchyard retry --workflow order --since 1h --dry-run
  switchyard retry --workflow order --since 1h
`,
    )
    .action(async (id: string | undefined, options: unknown, self: Command) => {
      const { retry } = await import('./commands/retry.js');
      await carry(self, (settings, terminal) => retry(settings, { id, ...Retry.parse(options) }, terminal));
    });
  const target = (command: Command) =>
    command.option('--workflow <name>', 'this workflow').option('--queue <name>', 'this queue');
  target(program.command('pause'))
    .description('let a workflow begin no more runs, or a queue give out no more jobs')
    .option('--reason <text>', 'why; kept with the pause')
    .option('--by <name>', 'who says it (default: the user of this terminal)')
    .addHelpText(
      'after',
      '\nExamples:\n  switchyard pause --workflow order --reason "the bank is down"\n  switchyard pause --queue emails\n',
    )
    .action(async (options: unknown, self: Command) => {
      const { pause } = await import('./commands/pause.js');
      await carry(self, (settings, terminal) => pause(settings, Pause.parse(options), terminal));
    });
  target(program.command('unpause'))
    .description('let a paused workflow or queue go on')
    .addHelpText('after', '\nExample:\n  switchyard unpause --workflow order\n')
    .action(async (options: unknown, self: Command) => {
      const { unpause } = await import('./commands/pause.js');
      await carry(self, (settings, terminal) => unpause(settings, Pause.parse(options), terminal));
    });
  program
    .command('paused')
    .description('list what is paused, since when and why')
    .action(async (_options: unknown, self: Command) => {
      const { paused } = await import('./commands/pause.js');
      await carry(self, (settings, terminal) => paused(settings, terminal));
    });
  program
    .command('queues')
    .description('list the queues: what waits, what runs, limits, what is paused')
    .action(async (_options: unknown, self: Command) => {
      const { queues } = await import('./commands/queues.js');
      await carry(self, (settings, terminal) => queues(settings, terminal));
    });
  program
    .command('limit')
    .description('limit a queue in all workers together, whatever they are configured to; what is not named stays')
    .argument('<queue>', 'as `switchyard queues` lists it')
    .option('--total <n>', 'jobs at once, or none')
    .option('--rate <n/time>', 'jobs begun in a span of time, such as 10/1s, or none')
    .option('--clear', 'no limits; a worker that starts sets those of its configuration')
    .addHelpText('after', '\nExamples:\n  switchyard limit emails --rate 100/1m\n  switchyard limit emails --clear\n')
    .action(async (queue: string, options: unknown, self: Command) => {
      const { limit } = await import('./commands/queues.js');
      await carry(self, (settings, terminal) => limit(settings, { queue, ...Limit.parse(options) }, terminal));
    });
  addScheduleCommands(program, carry);
}
