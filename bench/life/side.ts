import type { Participant } from '../../domain/types.js';
import type { Pair } from './people.js';

/** One life to be played. */
export interface Life extends Pair {
  /** The appointment's id; the bare workflow's id is made of it too. */
  id: string;
  /** Ids of its requests, so that a repeat meets the first: uuids. */
  requests: { book: string; pay: string; activate: string; end: string };
}

/** Due times of a life, epoch ms. */
export interface Times {
  startsAt: number;
  remindAt: number;
  opensAt: number;
  endsAt: number;
}

/** One of the two that are compared: what the driver does to play a life there. Each call answers when it is through. */
export interface Side {
  name: string;
  workflowType: string;
  workflowId(life: Life): string;
  book(life: Life, times: Times): Promise<void>;
  pay(life: Life): Promise<void>;
  activate(life: Life): Promise<void>;
  join(life: Life, participant: Participant): Promise<void>;
  /** Asks the workflow for its state, as a live view does. */
  look(life: Life): Promise<void>;
  end(life: Life): Promise<void>;
  /** Which of these have T-5 committed. */
  opened(ids: readonly string[]): Promise<string[]>;
  /** What is due and not worked off yet beside workflows: rows that wait for a relay. */
  waiting(): Promise<number>;
}
