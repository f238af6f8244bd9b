import { readDatabaseConfig } from './config.js';
import { migrateToLatest } from './migrate.js';

await migrateToLatest(readDatabaseConfig().databaseUrl);
process.stdout.write('The database has the newest schema.\n');
