/** Where somebody has read to: what was visible then, and when that was (PostgreSQL's clock, epoch ms). */
export interface Place {
  snapshot: string;
  at: number;
}

const PLACE = /^(\d{1,16}):(\d{1,16}):((?:\d{1,16}(?:,\d{1,16})*)?)@(\d{1,16})$/;
/** Transactions under way that an id names one by one; with more of them it names none, and some events come twice. */
const MOST_NAMED = 20;

/** A place as an event's id. */
export function placeText({ snapshot, at }: Place): string {
  const [xmin, , named = ''] = snapshot.split(':');
  const isLong = named.split(',').length > MOST_NAMED;
  return `${isLong ? `${xmin}:${xmin}:` : snapshot}@${at}`;
}

/** Reads an event's id; null for what was never given out as one. */
export function readPlace(text: string): Place | null {
  const [, low, high, named, moment] = PLACE.exec(text) ?? [];
  if (low === undefined || high === undefined || moment === undefined) return null;
  const [xmin, xmax, at] = [Number(low), Number(high), Number(moment)];
  const underWay = named ? named.split(',').map(Number) : [];
  const isOrdered = underWay.every((xid, n) => xid >= xmin && xid < xmax && (n === 0 || xid > underWay[n - 1]!));
  const isSound = [xmin, xmax, at, ...underWay].every(Number.isSafeInteger) && xmin > 0 && xmin <= xmax && isOrdered;
  return isSound ? { snapshot: text.slice(0, text.indexOf('@')), at } : null;
}
