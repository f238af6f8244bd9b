import type { Db } from '../../db/database.js';

/** The process died before the commit. */
export class ThrownAway extends Error {
  constructor() {
    super('the transaction is thrown away');
  }
}

/** A method of a class with private members works only on its own object. */
function own(target: object, name: string | symbol): unknown {
  const value: unknown = Reflect.get(target, name, target);
  return typeof value === 'function' ? (value.bind(target) as unknown) : value;
}

/** A handle whose transactions do all of their work and then fail: nothing of it may stay. */
export function throwingAway(db: Db): Db {
  const transaction = () => {
    const builder = db.transaction();
    const execute: typeof builder.execute = (work) =>
      builder.execute(async (trx) => {
        await work(trx);
        throw new ThrownAway();
      });
    return new Proxy(builder, { get: (target, name) => (name === 'execute' ? execute : own(target, name)) });
  };
  return new Proxy(db, { get: (target, name) => (name === 'transaction' ? transaction : own(target, name)) });
}
