import type { DatabaseItem } from './database-gate.js';
import type { Gates } from './gated-world.js';
import type { Post, Posted } from './post.js';
import type { TemporalItem } from './temporal-gate.js';
import type { VendorItem } from './vendor-gate.js';

/** The places around a commit, an activity and a relay's effect at which a worker is killed. */

/** What tells one life's traffic from another's. */
export interface Marks {
  workflowId: string;
  /** Ids that the statements of its transaction name. */
  keys: readonly string[];
  /** A parameter that only this transition's transaction has, as the timeline's kind. */
  kind?: string;
  /** What the task must have been told of to be the one. */
  told?: string;
  /** What the workflow's result says. */
  result?: string;
  /** The activity's type. */
  activity?: string;
  /** The vendor's request that has the effect. */
  request?: (item: VendorItem) => boolean;
  /** The mail that is the effect, of a relay. */
  mail?: (text: string) => boolean;
  /** The call to Temporal that is the effect, of a relay. */
  call?: (item: TemporalItem) => boolean;
  /** The statement that notes the effect. */
  note?: RegExp;
}

export type Place = { name: string; gate: keyof Gates; arm: (gates: Gates, marks: Marks) => Posted<never> };

const namesKey = ({ params }: DatabaseItem, { keys }: Marks) =>
  params.some((param) => keys.some((key) => param.includes(key)));

const onDatabase = (
  name: string,
  side: Post<never>['side'],
  matches: (item: DatabaseItem, marks: Marks) => boolean,
): Place => ({
  name,
  gate: 'database',
  arm: ({ database }, marks) => database.posts.arm({ side, matches: (item) => matches(item, marks) }),
});

const onTemporal = (
  name: string,
  side: Post<never>['side'],
  method: string,
  matches: (item: TemporalItem, marks: Marks) => boolean,
): Place => ({
  name,
  gate: 'temporal',
  arm: ({ temporal }, marks) =>
    temporal.posts.arm({ side, matches: (item) => item.method === method && matches(item, marks) }),
});

const begins = (item: DatabaseItem, marks: Marks) =>
  item.kind === 'statement' && item.inTransaction && namesKey(item, marks);
/** The kind stands alone, or in rows that are written as JSON. */
const saysKind = ({ params }: DatabaseItem, { kind }: Marks) =>
  kind === undefined || params.some((param) => param === kind || param.includes(`"${kind}"`));
const commits = (item: DatabaseItem, marks: Marks) =>
  item.kind === 'commit' && namesKey(item, marks) && saysKind(item, marks);
/** A task's completion that carries a local activity's result; heartbeats of one under way carry none. */
const completes = ({ request }: TemporalItem, { workflowId }: Marks) =>
  request.includes(workflowId) && request.includes('core_local_activity');

/** Around one commit: a workflow task with a local activity in it. */
export const COMMIT_PLACES: readonly Place[] = [
  onTemporal(
    'task handed out',
    'after',
    'PollWorkflowTaskQueue',
    ({ answer }, { workflowId, told = '' }) => answer.includes(workflowId) && answer.includes(told),
  ),
  onDatabase('transaction begun', 'before', begins),
  onDatabase('written, not committed', 'before', commits),
  onDatabase('committed', 'after', commits),
  onTemporal('completion on its way', 'before', 'RespondWorkflowTaskCompleted', completes),
  onTemporal('completion arrived', 'after', 'RespondWorkflowTaskCompleted', completes),
];

const ends = ({ request }: TemporalItem, { workflowId, result }: Marks) =>
  request.includes(workflowId) && request.includes(result!);

/** Around a workflow's completion that comes after its last commit. */
export const END_PLACES: readonly Place[] = [
  onTemporal('completion on its way', 'before', 'RespondWorkflowTaskCompleted', ends),
  onTemporal('completion arrived', 'after', 'RespondWorkflowTaskCompleted', ends),
];

const notes = (item: DatabaseItem, marks: Marks) => {
  const isNote = item.kind === 'statement' && !item.inTransaction && marks.note!.test(item.text);
  return isNote && namesKey(item, marks);
};

const NOTING = onDatabase('not noted', 'before', notes);
const NOTED = onDatabase('noted', 'after', notes);

/** What a vendor is asked: before it gets the request, and when it has carried it out. */
const ASKED: readonly Place[] = [
  {
    name: 'request on its way',
    gate: 'vendors',
    arm: ({ vendors }, marks) => vendors.posts.arm({ side: 'before', matches: marks.request! }),
  },
  {
    name: 'carried out, not answered',
    gate: 'vendors',
    arm: ({ vendors }, marks) => vendors.posts.arm({ side: 'after', matches: marks.request! }),
  },
];

const ofActivity = ({ request }: TemporalItem, { workflowId }: Marks) => request.includes(workflowId);

/** Around an activity that asks a vendor. */
export const ACTIVITY_PLACES: readonly Place[] = [
  onTemporal(
    'task handed out',
    'after',
    'PollActivityTaskQueue',
    ({ answer }, { workflowId, activity }) => answer.includes(workflowId) && answer.includes(activity!),
  ),
  ...ASKED,
  NOTING,
  NOTED,
  onTemporal('completion on its way', 'before', 'RespondActivityTaskCompleted', ofActivity),
  onTemporal('completion arrived', 'after', 'RespondActivityTaskCompleted', ofActivity),
];

/** The same without a note: a refund's answer is settled by a commit of its own. */
export const ASKING_PLACES: readonly Place[] = ACTIVITY_PLACES.filter((place) => place !== NOTING && place !== NOTED);

/** Around an effect that a relay has at a vendor. */
export const VENDOR_RELAY_PLACES: readonly Place[] = [...ASKED, NOTING, NOTED];

/** Around a mail that a relay sends. */
export const MAIL_PLACES: readonly Place[] = [
  {
    name: 'mail on its way',
    gate: 'mail',
    arm: ({ mail }, marks) => mail.posts.arm({ side: 'before', matches: marks.mail! }),
  },
  {
    name: 'mail taken, not answered',
    gate: 'mail',
    arm: ({ mail }, marks) => mail.posts.arm({ side: 'after', matches: marks.mail! }),
  },
  NOTING,
  NOTED,
];

/** Around a call to Temporal that a relay makes: a signal, or a workflow's start. */
export const CALL_PLACES: readonly Place[] = [
  {
    name: 'call on its way',
    gate: 'temporal',
    arm: ({ temporal }, marks) => temporal.posts.arm({ side: 'before', matches: marks.call! }),
  },
  {
    name: 'call arrived, not answered',
    gate: 'temporal',
    arm: ({ temporal }, marks) => temporal.posts.arm({ side: 'after', matches: marks.call! }),
  },
  NOTING,
  NOTED,
];
