import { readDatabaseConfig, readFieldKeys } from './config.js';
import { encryptWhatIsClear } from './key-rotation.js';
import { migrateToLatest } from './migrate.js';

const { databaseUrl } = readDatabaseConfig();
const keys = readFieldKeys();
await migrateToLatest(databaseUrl);
await encryptWhatIsClear(databaseUrl, () => keys);
process.stdout.write('The database has the newest schema.\n');
