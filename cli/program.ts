import { Command, InvalidArgumentError, Option } from 'commander';
import { STATUSES } from '../domain/types.js';
import type { ApiClient } from './api-client.js';
import {
  activateAppointment,
  listAppointments,
  repairAppointment,
  showAppointment,
  showLedger,
  showTimeline,
  type ListOptions,
  type Print,
} from './appointments.js';
import { addPayouts } from './payouts.js';
import { showAttention } from './attention.js';
import { erasePerson, exportPerson } from './people.js';
import { checkLedger } from './ledger-check.js';

/** What the commands need from outside; connecting happens only once a command is known to be well formed. */
export interface CliDeps {
  print: Print;
  /** The API, as this person. */
  connect: (signInAs: string) => Promise<ApiClient>;
  /** A bearer token for this person. */
  token: (signInAs: string) => Promise<string>;
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('It must be a whole number above 0.');
  return value;
}

/** `cli` with all its commands. */
export function createProgram(deps: CliDeps): Command {
  const program = new Command('cli')
    .description('The operator’s commands, over the same API as everybody else.')
    .option('--as <sign-in>', 'who to be', 'admin')
    .showHelpAfterError('Add --help to see what there is.');
  program
    .command('token')
    .argument('<sign-in>', 'a seeded name, such as client-1')
    .description('print a bearer token for a seeded person of the development stack')
    .action(async (name: string) => deps.print(await deps.token(name)));
  addAppointments(program, deps);
  addPayouts(program, deps);
  addLedger(program, deps);
  addPeople(program, deps);
  program
    .command('attention')
    .description('what is stuck and why, and what to do about it')
    .option('--json', 'as the API has it')
    .action(async (options: { json?: boolean }) =>
      showAttention(await deps.connect(program.opts<{ as: string }>().as), options, deps.print),
    );
  return program;
}

function days(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0 || value > 30)
    throw new InvalidArgumentError('It must be a whole number from 0 to 30.');
  return value;
}

function addPeople(program: Command, { print, connect }: CliDeps): void {
  const api = (): Promise<ApiClient> => connect(program.opts<{ as: string }>().as);
  const group = program.command('people').description('what is kept of somebody');
  group
    .command('export <id>')
    .description('everything that is kept of one person, as JSON')
    .action(async (id: string) => exportPerson(await api(), id, print));
  group
    .command('erase <id>')
    .description('forget who somebody is, for good')
    .requiredOption('--yes', 'it can’t be taken back')
    .action(async (id: string) => erasePerson(await api(), id, print));
}

function addLedger(program: Command, { print, connect }: CliDeps): void {
  const group = program.command('ledger').description('see that the money is right');
  group
    .command('check')
    .description('prove the invariants, and compare the providers’ objects with ours')
    .option('--days <count>', 'how far back providers are compared; 0 leaves them out', days)
    .option('--json', 'as the API has it')
    .action(async (options: { days?: number; json?: boolean }) =>
      checkLedger(await connect(program.opts<{ as: string }>().as), options, print),
    );
}

function addAppointments(program: Command, { print, connect }: CliDeps): void {
  const api = (): Promise<ApiClient> => connect(program.opts<{ as: string }>().as);
  const group = program.command('appointments').description('look at appointments and act on them');
  group
    .command('list')
    .description('a line an appointment')
    .addOption(new Option('--status <status>', 'only these').choices(STATUSES))
    .addOption(new Option('--needs <what>', 'only those that wait for it').choices(['payment', 'activation']))
    .option('--from <instant>', 'only those that start at or after it, such as 2026-11-24T15:00:00Z')
    .option('--to <instant>', 'only those that start before it')
    .option('--limit <count>', 'at most so many', positive, 50)
    .option('--json', 'as the API has them')
    .action(async (options: ListOptions) => listAppointments(await api(), options, print));
  group
    .command('show <id>')
    .description('all of one appointment')
    .option('--json', 'as the API has it')
    .action(async (id: string, options: { json?: boolean }) => showAppointment(await api(), id, options, print));
  group
    .command('activate <id>')
    .description('approve a paid appointment')
    .option('--force', 'confirm it at once, inside or outside the last five minutes; needs --reason')
    .option('--reason <text>', 'kept with the appointment')
    .action(async (id: string, options: { force?: boolean; reason?: string }, command: Command) => {
      if (options.force === true && !options.reason)
        command.error('error: --force needs --reason <text>: it is kept with the appointment.');
      await activateAppointment(await api(), id, options, print);
    });
  group
    .command('timeline <id>')
    .description('what happened, who did it and how late, and what comes next')
    .option('--json', 'as the API has it')
    .action(async (id: string, options: { json?: boolean }) => showTimeline(await api(), id, options, print));
  group
    .command('ledger <id>')
    .description('every posting of its money, with the sum, and its refunds and disputes')
    .option('--json', 'as the API has it')
    .action(async (id: string, options: { json?: boolean }) => showLedger(await api(), id, options, print));
  group
    .command('repair <id>')
    .description('start the workflow of a live appointment anew from its row, where it is gone')
    .action(async (id: string) => repairAppointment(await api(), id, print));
}
