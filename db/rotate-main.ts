import { writeAudit } from './audit.js';
import { readDatabaseConfig, readFieldKeys } from './config.js';
import { openDatabase } from './database.js';
import { keysInUse, rotateKeys } from './key-rotation.js';

const say = (line: string): boolean => process.stdout.write(`${line}\n`);

const keys = readFieldKeys();
const current = keys.current().id;
const db = openDatabase(readDatabaseConfig().databaseUrl, { maxConnections: 2, fieldKeys: () => keys });
try {
  await writeAudit(db, [
    {
      actor: { role: 'operator', id: null },
      action: 'rotate_keys',
      object: { type: 'field_key', id: current },
    },
  ]);
  for (const { field, rewritten, unreadable } of await rotateKeys(db)) {
    if (rewritten > 0) say(`${field}: ${rewritten} encrypted with "${current}".`);
    if (unreadable > 0) say(`${field}: ${unreadable} can’t be read with any key of FIELD_KEYS, and stay as they are.`);
  }
  const others = (await keysInUse(db)).filter(({ keyId }) => keyId !== current);
  for (const { field, keyId, values } of others) say(`${field}: ${values} still need the key "${keyId}".`);
  say(
    others.length === 0 ? `Everything is under "${current}": the other keys can be removed.` : 'Not done: see above.',
  );
  process.exitCode = others.length === 0 ? 0 : 1;
} finally {
  await db.destroy();
}
