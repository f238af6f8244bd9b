import type { Context } from 'hono';
import { routePath } from 'hono/route';
import { type Deed, writeAudit } from '../db/audit.js';
import type { Db } from '../db/database.js';
import type { Act } from './access.js';
import type { ApiEnv } from './services.js';

/** Changes that the commit writes into the appointment's timeline with their actor, in their own transaction. */
const IN_TIMELINE: ReadonlySet<Act> = new Set([
  'book',
  'pay',
  'attend',
  'cancel',
  'reschedule',
  'extend',
  'activate',
  'deactivate',
  'force_confirm',
]);
/** One's own things and what everybody may see: nobody else's data is read. */
const NOBODY_ELSES: ReadonlySet<Act> = new Set(['see_self', 'read_notifications', 'see_therapists', 'change_self']);

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/** The kind of thing that a path is about: `/v1/admin/payouts/{batchId}` is about `payouts`. */
function typeOf(path: string): string {
  const [first = 'api', ...rest] = path
    .split('/')
    .filter((part) => part !== '' && part !== 'v1' && !/^[:{]/.test(part));
  const type = first === 'admin' ? (rest[0] ?? first) : first;
  return type === 'appointments' ? 'appointment' : type;
}

/** Writes down who reads and changes what. Ids and names of acts alone, never what was read. */
export class Auditor {
  constructor(private readonly db: Db) {}

  /** Before a change is begun: one that can't be written down is not made. */
  async changing(c: Context<ApiEnv>, act: Act): Promise<void> {
    if (SAFE.has(c.req.method) || IN_TIMELINE.has(act)) return;
    await writeAudit(this.db, [this.deed(c, act)]);
  }

  /** Before an admin's answer leaves: what can't be written down is not shown. A list is one line for each in it. */
  async reading(c: Context<ApiEnv>, act: Act): Promise<void> {
    if (!SAFE.has(c.req.method) || c.get('caller').role !== 'admin' || c.res.status >= 300) return;
    if (NOBODY_ELSES.has(act)) return;
    const deed = this.deed(c, act);
    const shown = c.get('shown') ?? [];
    const each = shown.map((id): Deed => ({ ...deed, object: { type: deed.object.type, id } }));
    await writeAudit(this.db, shown.length === 0 ? [deed] : each);
  }

  private deed(c: Context<ApiEnv>, act: Act): Deed {
    const { id: actorId, role } = c.get('caller');
    const path = routePath(c, -1);
    const id = Object.values(c.req.param() as Record<string, string>)[0]?.slice(0, 100) ?? null;
    return {
      actor: { role, id: actorId },
      action: SAFE.has(c.req.method) ? 'read' : act,
      object: { type: typeOf(path), id },
      requestId: c.get('requestId'),
    };
  }
}
