/** The commands about schedules. What they do is in `commands/schedules.ts`. */
import type { Command } from 'commander';
import { z } from 'zod';
import { SwitchyardError } from '../errors.js';
import type { Carry } from './carry.js';
import { several } from './several.js';

const text = z.string().optional();
const NewSchedule = z.object({
  ...{ workflow: text, input: text, cron: text, every: text, tz: text, key: text, priority: text },
  tag: z.array(z.string()).optional(),
});
const Say = z.object({ reason: text, by: text });

export function addScheduleCommands(program: Command, carry: Carry): void {
  const schedules = program
    .command('schedules')
    .description('list, set, pause, resume and remove schedules: runs that are started by the clock')
    .addHelpText(
      'after',
      `
Examples:
  switchyard schedules
  switchyard schedules set nightly --workflow report --cron '0 2 * * *' --tz Europe/Berlin --input '{"day":"{date}"}'
  switchyard schedules pause nightly
`,
    )
    // A command that it does not have, which would be told as one argument too many.
    .allowExcessArguments()
    .action(async (_options: unknown, self: Command) => {
      assertAlone(self);
      const { list } = await import('./commands/schedules.js');
      await carry(self, list);
    });
  schedules
    .command('set')
    .description('make a schedule, or change what is said of it')
    .argument('<name>', 'letters and digits')
    .option('--workflow <name>', 'what is run; of a new schedule it has to be said')
    .option('--cron <pattern>', "five or six fields, such as '0 2 * * *'")
    .option('--every <time>', 'instead of --cron: from 1s')
    .option('--tz <zone>', 'of --cron, such as Europe/Berlin (default UTC)')
    .option('--input <json>', 'of each run: JSON, - or @file; "{tick}" and "{date}" are filled in')
    .option('--key <key>', 'of each run, with {tick} or {date} in it; none: its default')
    .option('--priority <name>', 'CRITICAL, HIGH, MEDIUM or LOW (default MEDIUM)')
    .option('--tag <tag>', 'of each run, such as team=blue; may be given several times; none takes them away', several)
    .action(async (name: string, options: unknown, self: Command) => {
      const { set } = await import('./commands/schedules.js');
      await carry(self, (settings, terminal) => set(settings, { name, ...NewSchedule.parse(options) }, terminal));
    });
  schedules
    .command('pause')
    .description('no ticks until it is resumed')
    .argument('<name>', 'the schedule')
    .option('--reason <text>', 'why; kept with it')
    .option('--by <name>', 'who says it (default: the user of this terminal)')
    .action(async (name: string, options: unknown, self: Command) => {
      const { pause } = await import('./commands/schedules.js');
      await carry(self, (settings, terminal) => pause(settings, { name, ...Say.parse(options) }, terminal));
    });
  schedules
    .command('resume')
    .description('from the next tick on; those in between are not made up for')
    .argument('<name>', 'the schedule')
    .action(async (name: string, _options: unknown, self: Command) => {
      const { resume } = await import('./commands/schedules.js');
      await carry(self, (settings, terminal) => resume(settings, name, terminal));
    });
  schedules
    .command('remove')
    .description('the runs that it has started stay')
    .argument('<name>', 'the schedule')
    .action(async (name: string, _options: unknown, self: Command) => {
      const { remove } = await import('./commands/schedules.js');
      await carry(self, (settings, terminal) => remove(settings, name, terminal));
    });
}

function assertAlone({ args: [other], commands }: Command): void {
  if (other === undefined) return;
  const names = commands.map((command) => command.name()).join(', ');
  throw new SwitchyardError(
    'INVALID_INPUT',
    `There is no command "schedules ${other}": there are ${names}; alone it lists the schedules.`,
  );
}
