/** The commands by which a person drives runs: cancel, answer, retry. What they do is in `commands/operate.ts`. */
import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { z } from 'zod';
import { SwitchyardError } from '../errors.js';
import type { Say } from './commands/operate.js';
import { readInput } from './commands/read-input.js';

/** Carries one of these commands out. */
export type Operate = (command: Command, id: string, say: Say, wait: string | boolean | undefined) => Promise<void>;

const text = z.string().optional();
const Options = z.object({
  reason: text,
  by: text,
  stage: text,
  output: text,
  happened: z.boolean().optional(),
  notHappened: z.boolean().optional(),
  wait: z.union([z.string(), z.boolean()]).optional(),
});
type Options = z.infer<typeof Options>;

interface OperatorCommand {
  readonly name: string;
  readonly description: string;
  readonly help: string;
  /** Beyond --reason, --by and --wait. */
  readonly more?: (command: Command) => Command;
  readonly say: (options: Options) => Promise<Say> | Say;
}

const unchanged = (command: Command) => command;

const stageOption = (command: Command) =>
  command.option('--stage <name>', 'which approval, where the run waits for several');
const aboutOption = (command: Command) =>
  command.option('--stage <name>', 'what the question is about: refused when the run asks about another stage by now');

const COMMANDS: readonly OperatorCommand[] = [
  {
    name: 'cancel',
    description: 'stop a run: what waits is dropped, what runs is aborted, a saga undoes what it did',
    help: 'switchyard cancel <id> --reason "the customer called" --wait',
    say: (options) => async (run) => void (await run.cancel(said(options))),
  },
  {
    name: 'resume',
    description: 'try the stuck undo, or the stuck step past the pivot, again',
    help: 'switchyard resume <id> --wait',
    more: aboutOption,
    say: (options) => async (run) => void (await run.resume({ ...said(options), ...stageOf(options) })),
  },
  {
    name: 'resolve',
    description: 'say whether the effect happened that a run is in doubt or stuck about',
    help: `switchyard resolve <id> --happened --output '{"paymentId":"pay_1"}'
  switchyard resolve <id> --not-happened      it is tried again`,
    more: (command) =>
      aboutOption(command)
        .option('--happened', 'it happened: it counts as done')
        .option('--not-happened', 'it did not happen: it is tried again')
        .option('--output <json>', 'what the step returned, where later steps need it; JSON, - or @file'),
    say: resolve,
  },
  {
    name: 'skip',
    description: 'leave the stuck undo undone and go on with the others; the run ends failed and lists it',
    help: 'switchyard skip <id> --reason "the label was never printed"',
    more: aboutOption,
    say: (options) => async (run) =>
      void (await run.skip({ ...said(options), ...stageOf(options), reason: options.reason ?? '' })),
  },
  {
    name: 'abandon',
    description: 'end the run as failed, with all that is still due left undone',
    help: 'switchyard abandon <id> --reason "settled by hand, ticket 812"',
    more: aboutOption,
    say: (options) => async (run) =>
      void (await run.abandon({ ...said(options), ...stageOf(options), reason: options.reason ?? '' })),
  },
  {
    name: 'approve',
    description: 'say yes to what a run asks',
    help: 'switchyard approve <id> --reason "checked with sales" --wait',
    more: stageOption,
    say: (options) => async (run) => void (await run.approve({ ...said(options), ...stageOf(options) })),
  },
  {
    name: 'reject',
    description: 'say no to what a run asks',
    help: 'switchyard reject <id> --reason "over the limit"',
    more: stageOption,
    say: (options) => async (run) => void (await run.reject({ ...said(options), ...stageOf(options) })),
  },
];

function said({ by, reason }: Options) {
  return { by: by ?? userInfo().username, ...(reason !== undefined && { reason }) };
}

function stageOf({ stage }: Options) {
  return stage === undefined ? {} : { stage };
}

async function resolve(options: Options): Promise<Say> {
  const { happened, notHappened, output } = options;
  const value = output === undefined ? undefined : await readInput(output);
  if ((happened === true) === (notHappened === true)) {
    throw new SwitchyardError('INVALID_INPUT', 'say one of the two: --happened, or --not-happened');
  }
  return async (run) =>
    void (await run.resolve({
      ...said(options),
      ...stageOf(options),
      happened: happened === true,
      ...(value !== undefined && { output: value }),
    }));
}

export function addOperatorCommands(program: Command, operate: Operate): void {
  for (const { name, description, help, more = unchanged, say } of COMMANDS) {
    const command = program
      .command(name)
      .description(description)
      .argument('<id>', "the run's id")
      .option('--reason <text>', 'why; kept with the run')
      .option('--by <name>', 'who says it; kept with the run (default: the user of this terminal)')
      .option('--wait [limit]', 'until it ends, or at most this long; the exit code then tells how it ended')
      .addHelpText('after', `\nExample:\n  ${help}\n`);
    more(command).action(async (id: string, given: unknown, self: Command) => {
      const options = Options.parse(given);
      await operate(self, id, await say(options), options.wait);
    });
  }
  program
    .command('signal')
    .description('give a run the value that one of its stages waits for, or will wait for')
    .argument('<id>', "the run's id")
    .argument('<stage>', 'the stage that waits')
    .argument('[value]', 'JSON, - for standard input, or @file')
    .option('--wait [limit]', 'until the run ends, or at most this long')
    .addHelpText('after', `\nExample:\n  switchyard signal <id> pickup '{"carrier":"ACME"}'\n`)
    .action(async (id: string, stage: string, value: string | undefined, given: unknown, self: Command) => {
      const sent = value === undefined ? null : await readInput(value);
      await operate(self, id, async (run) => void (await run.signal(stage, sent)), Options.parse(given).wait);
    });
}
