import { expect, it } from 'vitest';
import { Store } from '../store.js';
import { WebhookDispatcher } from '../webhooks/dispatcher.js';
import { TwilioRooms } from './rooms.js';

function rooms(): TwilioRooms {
  const store = Store.open(null);
  return new TwilioRooms(store, new WebhookDispatcher(store));
}

it('ends a room that nobody came to, or nobody is in any more, when its time is over', () => {
  const all = rooms();
  const unused = all.create({ uniqueName: 'unused', unusedTimeoutMinutes: 2 });
  const left = all.create({ uniqueName: 'left', emptyTimeoutMinutes: 1, unusedTimeoutMinutes: 60 });
  const busy = all.create({ uniqueName: 'busy', emptyTimeoutMinutes: 1, unusedTimeoutMinutes: 1 });
  all.disconnect(left.sid, all.connect('left', 'a').sid);
  all.connect('busy', 'b');
  const statuses = () => [unused, left, busy].map(({ sid }) => all.get(sid).status);
  const after = (ms: number) => new Date(Date.now() + ms);
  all.endAbandoned(after(59_000));
  expect(statuses()).toEqual(['in-progress', 'in-progress', 'in-progress']);
  all.endAbandoned(after(61_000));
  expect(statuses()).toEqual(['in-progress', 'completed', 'in-progress']);
  all.endAbandoned(after(121_000));
  expect(statuses()).toEqual(['completed', 'completed', 'in-progress']);
});
