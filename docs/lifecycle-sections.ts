import { EVENTS, NOTIFICATION_KINDS, type Effect } from '../domain/events.js';
import { RULES } from '../domain/lifecycle.js';
import type { Rule, Verdict } from '../domain/rule.js';
import { channelsOf, LOSES_MEANING } from '../domain/notifications.js';
import { defaultPolicy, REAL_MINUTE_MS } from '../domain/policy.js';
import { REFUSALS } from '../domain/refusals.js';
import { isTerminal, STATUSES, type Status } from '../domain/types.js';

/** The parts of docs/lifecycle.md that are printed from domain/: each is Markdown without a trailing newline. */

type Cell = string;

function table(head: readonly Cell[], rows: readonly (readonly Cell[])[]): string {
  const line = (cells: readonly Cell[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const code = (text: string): string => `\`${text}\``;
const OVER = STATUSES.filter(isTerminal);
const covers = (from: readonly Status[], statuses: readonly Status[]) =>
  statuses.every((status) => from.includes(status));

/** `any`, `over`, or the statuses by name. */
function fromOf(from: readonly Status[]): string {
  if (covers(from, STATUSES)) return 'any';
  const rest = covers(from, OVER) ? from.filter((status) => !isTerminal(status)) : from;
  const names = rest.map(code);
  return [...names, ...(rest.length < from.length ? ['over'] : [])].join(', ');
}

const EFFECTS: Record<Exclude<Effect['do'], 'notify'>, string> = {
  fund_and_hold: 'money funded and held',
  return_late_money: 'the money goes back to its source, and the client is told (`late_money_returned`)',
  settle_hold: 'hold posted',
  charge_cancellation: 'the quote’s charge is settled, the rest goes back',
  extend_lease: 'the therapist’s lease lasts to the new end',
  void_hold: 'hold voided',
  free_lease: 'lease freed',
  void_unsent: 'unsent notifications voided',
};

function effectOf(effect: Effect): string {
  return effect.do === 'notify' ? `${code(effect.kind)} to ${effect.to.join(', ')}` : EFFECTS[effect.do];
}

function alsoOf(then: Verdict): string {
  const effects = (then.does ?? []).map(effectOf);
  if ('refuse' in then) return effects.join('; ');
  const set = (then.set ?? []).map((stamp) => `sets ${code(stamp)}`);
  const cleared = (then.clear ?? []).map((stamp) => `clears ${code(stamp)}`);
  const nothing = then.quiet === true ? ['nothing happens'] : [];
  return [...set, ...cleared, ...effects, ...nothing].join('; ');
}

function toOf(then: Verdict): string {
  if ('refuse' in then) return `refused ${code(then.refuse)}`;
  if (then.to === 'same') return 'same';
  return then.reason === undefined ? code(then.to) : `${code(then.to)} (${then.reason})`;
}

function ruleRow({ event, from, when, then }: Rule): Cell[] {
  return [code(event), fromOf(from), (when ?? []).join(', '), toOf(then), alsoOf(then)];
}

/** The transition table, events together and in the order in which its rows are asked. */
export function ruleTable(): string {
  const sorted = EVENTS.flatMap((event) => RULES.filter((rule) => rule.event === event));
  return table(['event', 'from', 'when', 'to', 'also'], sorted.map(ruleRow));
}

/** Every change of status as a Mermaid diagram, one edge for all events between the same two. */
export function stateDiagram(): string {
  const edges = new Map<string, string[]>();
  for (const { event, from, then } of RULES) {
    if ('refuse' in then || then.to === 'same') continue;
    for (const status of from) {
      const edge = `${status} --> ${then.to}`;
      const label = then.reason === undefined || then.reason === event ? event : `${event} (${then.reason})`;
      edges.set(edge, [...new Set([...(edges.get(edge) ?? []), label])]);
    }
  }
  const ends = OVER.filter((status) => [...edges.keys()].some((edge) => edge.endsWith(`> ${status}`))).map(
    (status) => `${status} --> [*]`,
  );
  const lines = [
    '[*] --> scheduled: booked',
    ...[...edges].map(([edge, labels]) => `${edge}: ${labels.join('<br/>')}`),
    ...ends,
  ];
  return ['```mermaid', 'stateDiagram-v2', ...lines.map((line) => `  ${line}`), '```'].join('\n');
}

/** The policy's defaults, in policy minutes, basis points and counts. */
export function policyTable(): string {
  const { minuteMs: _, ...rest } = defaultPolicy(REAL_MINUTE_MS);
  return table(
    ['policy', 'default'],
    Object.entries(rest).map(([name, value]) => [code(name), String(value)]),
  );
}

/** Who hears of a kind which way, and whether it can lose its meaning. */
export function notificationTable(): string {
  const ways = (kind: (typeof NOTIFICATION_KINDS)[number]) => channelsOf(kind, 'client').join(', ');
  const rows = NOTIFICATION_KINDS.map((kind) => [code(kind), ways(kind), LOSES_MEANING.includes(kind) ? 'yes' : '']);
  return table(['kind', 'ways (admins never by SMS)', 'voided once the appointment is over'], rows);
}

export function refusalTable(): string {
  return table(
    ['code', 'sentence', 'remedy'],
    Object.entries(REFUSALS).map(([name, [sentence, remedy]]) => [code(name), sentence, remedy]),
  );
}

export const SECTIONS: Record<string, () => string> = {
  diagram: stateDiagram,
  rules: ruleTable,
  policy: policyTable,
  notifications: notificationTable,
  refusals: refusalTable,
};

/** The page with every generated part as domain/ has it now. @throws Error naming a part whose place is missing */
export function regenerate(page: string): string {
  let text = page;
  for (const [name, render] of Object.entries(SECTIONS)) {
    const [begin, end] = [`<!-- generated: ${name} -->`, `<!-- end: ${name} -->`];
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from < 0 || to < from)
      throw new Error(`docs/lifecycle.md has no place for "${name}": it lies between ${begin} and ${end}`);
    text = `${text.slice(0, from + begin.length)}\n\n${render()}\n\n${text.slice(to)}`;
  }
  return text;
}
