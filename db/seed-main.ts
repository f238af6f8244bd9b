import { readSeedConfig } from './seed-config.js';
import { seed } from './seeds.js';

const { databaseUrl, minuteMs } = readSeedConfig();
const { admin, therapists, clients, demoTherapists, demoClients } = await seed(databaseUrl, { minuteMs });
const people = [admin, ...therapists, ...clients];
process.stdout.write(
  `Seeded. Sign-ins: ${people.join(', ')}, and ${demoTherapists.length + demoClients.length} for the demo.\n`,
);
