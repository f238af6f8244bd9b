// Runs in a process of its own, because the SDK's download can't be cancelled: whoever waits for it kills us.
// Arguments: the folder to download to, and the version of the command line ("v1.8.2").
import { Runtime } from '@temporalio/worker';

const [downloadDir, version] = process.argv.slice(2);
if (!downloadDir || !version) throw new Error('Usage: temporal-download-main.ts <folder> <version>');
const runtime = Runtime.instance();
// The SDK knows no download without a start: the server runs for a moment, in memory.
const server = await runtime.createEphemeralServer({
  type: 'dev-server',
  exe: { type: 'cached-download', downloadDir, version, ttl: 0, sdkName: 'sdk-typescript', sdkVersion: '1.24.0' },
  namespace: 'default',
  ip: '127.0.0.1',
  port: null,
  uiPort: null,
  dbFilename: null,
  ui: false,
  log: { format: 'pretty', level: 'error' },
  extraArgs: [],
});
await runtime.shutdownEphemeralServer(server);
await runtime.shutdown();
