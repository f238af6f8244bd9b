import type pg from 'pg';
import type { BareCalls } from '../bare/calls.js';
import type { Participant } from '../../domain/types.js';
import type { Life, Side, Times } from './side.js';

/** The other side: the bare workflow under the same driver. */
export class BareSide implements Side {
  readonly name = 'bare';
  readonly workflowType = 'bareLife';
  /** As many as our side makes, set once that is known. */
  upserts = 0;

  constructor(
    private readonly pool: Pick<pg.Pool, 'query'>,
    private readonly calls: BareCalls,
  ) {}

  workflowId({ id }: Life): string {
    return `bare-${id}`;
  }

  book(life: Life, { remindAt, opensAt, endsAt }: Times): Promise<void> {
    const booking = { remindAt, opensAt, endsAt };
    return this.calls.book(this.workflowId(life), life.requests.book, booking, { upserts: this.upserts });
  }

  pay(life: Life): Promise<void> {
    return this.calls.signal(this.workflowId(life), 'paymentSettled');
  }

  activate(life: Life): Promise<void> {
    return this.calls.signal(this.workflowId(life), 'activate');
  }

  join(life: Life, participant: Participant): Promise<void> {
    return this.calls.join(this.workflowId(life), participant);
  }

  look(life: Life): Promise<void> {
    return this.calls.look(this.workflowId(life));
  }

  end(life: Life): Promise<void> {
    return this.calls.end(this.workflowId(life), life.requests.end);
  }

  async opened(ids: readonly string[]): Promise<string[]> {
    const text = `select substr(workflow_id, 6) as id from bare_transition where workflow_id = any($1) and kind = 't5'`;
    const { rows } = await this.pool.query<{ id: string }>(text, [ids.map((id) => `bare-${id}`)]);
    return rows.map(({ id }) => id);
  }

  waiting(): Promise<number> {
    return Promise.resolve(0);
  }
}
