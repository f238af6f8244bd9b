// npm start: brings the stack up, plays one appointment through, and stays up until Ctrl-C.
import pc from 'picocolors';
import { playFirstLife } from './first-life.js';
import { withProgress } from './progress.js';
import { type Stack, startStack } from './stack.js';

/** A second signal this soon is npm passing on the first: a terminal's Ctrl-C reaches every process of a group. */
const echoMs = 1_500;

const say = (line: string) => void process.stdout.write(`${line}\n`);

function listenForStop(): AbortSignal {
  const stopping = new AbortController();
  let firstAt = 0;
  const onSignal = () => {
    if (!firstAt) {
      firstAt = Date.now();
      say('\nStopping ...');
      stopping.abort();
    } else if (Date.now() - firstAt > echoMs) {
      // Each child is ended by its guard when we are gone.
      process.exit(1);
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  return stopping.signal;
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function printTable(rows: [string, string][]): void {
  for (const [name, value] of rows) say(`  ${name.padEnd(18)} ${value}`);
}

function printWelcome({ addresses, signIns }: Stack): void {
  say(`\n${pc.bold('Punctual is up.')} One Ctrl-C stops everything; the data stays in .punctual.\n`);
  printTable([
    ['API', pc.cyan(addresses.api)],
    ['API documentation', pc.cyan(addresses.docs)],
    ['Temporal UI', pc.cyan(addresses.temporalUi ?? `(of the server at ${addresses.temporalAddress})`)],
    [
      'Provider sandbox',
      `${pc.cyan(addresses.sandbox)} (/_sandbox/payments, /pay/<payment>, /_sandbox/mail, /_sandbox/sms)`,
    ],
    ['PostgreSQL', pc.cyan(addresses.databaseUrl)],
  ]);
  say(`\nSign in as (${pc.bold('npm run -s cli -- token <sign-in>')} prints a bearer token):\n`);
  const { demoTherapists, demoClients } = signIns;
  printTable([
    ['admin', signIns.admin],
    ['therapists', signIns.therapists.join(', ')],
    ['clients', signIns.clients.join(', ')],
    ['demo, at speed', `${[...demoTherapists, ...demoClients].slice(0, 4).join(', ')} ...`],
  ]);
}

async function run(signal: AbortSignal): Promise<number> {
  say('Starting Punctual ...');
  const onChildLine = (name: string, line: string) => say(pc.dim(`[${name}] ${line}`));
  const stack = await startStack({ log: say, onChildLine, signal });
  try {
    const died = stack.died.then((message) => ({ message }));
    const shown = playFirstLife(stack, say).then(() => printWelcome(stack));
    await Promise.race([shown, died, untilAborted(signal)]);
    const death = await Promise.race([died, untilAborted(signal)]);
    if (death) process.stderr.write(`${death.message}\n`);
    return death ? 1 : 0;
  } finally {
    await withProgress('stopping', say, () => stack.stop());
  }
}

const signal = listenForStop();
try {
  process.exitCode = await run(signal);
} catch (error) {
  process.exitCode = signal.aborted ? 0 : 1;
  if (!signal.aborted) process.stderr.write(`${(error as Error).message}\n`);
}
if (signal.aborted) say('Everything is stopped.');
// Whatever is still open, such as a download that can't be broken off, must not keep the terminal.
process.exit();
