import { readdir, readFile } from 'node:fs/promises';
import { SourceMap } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A function of a V8 CPU profile: lines and columns count from 0. */
interface CallFrame {
  functionName: string;
  url: string;
  lineNumber: number;
  columnNumber: number;
}

interface CpuProfile {
  /** Microseconds of the monotonic clock. */
  startTime: number;
  nodes: { id: number; callFrame: CallFrame }[];
  samples?: number[];
  /** Microseconds between one sample and the one before. */
  timeDeltas?: number[];
}

/** Where time was spent, by function: its own, without that of what it called. */
export interface SelfTime {
  /** npm package, `node:` module, room of ours, or `(garbage collector)` and the like. */
  group: string;
  function: string;
  file: string;
  selfMs: number;
}

/** What V8 notes while a thread waits. */
const WAITING = new Set(['(idle)', '(root)']);

/** The package or room that a file belongs to. */
export function groupOf(file: string, functionName: string): string {
  if (file === '') return functionName.startsWith('(') ? functionName : '(native)';
  if (file.startsWith('node:')) return file.split('/')[0]!;
  const inPackages = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1];
  if (inPackages !== undefined) return inPackages;
  const room = /(?:^|\/)(activities|api|bench|db|domain|providers|sandbox|worker|workflows)\//.exec(file)?.[1];
  return room === undefined ? file : `our ${room}/`;
}

type Place = (frame: CallFrame) => { file: string; name: string };

const INLINE_MAP = /\/\/# sourceMappingURL=data:application\/json[^,]*;base64,([A-Za-z0-9+/=]+)\s*$/;

/** Finds a bundle's functions in the sources that it was made of, by the map at its end. */
async function mappedBy(bundle: string): Promise<Place> {
  const code = await readFile(bundle, 'utf8');
  const encoded = INLINE_MAP.exec(code)?.[1];
  if (encoded === undefined) return ({ url, functionName }) => ({ file: url, name: functionName });
  const map = new SourceMap(JSON.parse(Buffer.from(encoded, 'base64').toString('utf8')) as never);
  return ({ url, functionName, lineNumber, columnNumber }) => {
    const entry = map.findEntry(lineNumber, columnNumber);
    return { file: 'originalSource' in entry ? entry.originalSource : url, name: functionName };
  };
}

function selfTimes({ startTime, nodes, samples = [], timeDeltas = [] }: CpuProfile, sinceUs: number) {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const times = new Map<CallFrame, number>();
  let now = startTime;
  samples.forEach((id, index) => {
    now += timeDeltas[index] ?? 0;
    if (now < sinceUs) return;
    const frame = frames.get(id)!;
    // A sample's time lasts until the next one.
    times.set(frame, (times.get(frame) ?? 0) + (timeDeltas[index + 1] ?? 0) / 1000);
  });
  return times;
}

/**
 * Adds up the profiles of a process's threads that lie in `folder`, the longest first.
 * @param sinceUs what came before this moment of the monotonic clock is left out, microseconds
 * @param bundle the workflows' bundle, whose functions are told by the sources it was made of
 */
export async function readProfiles(folder: string, bundle: string, sinceUs: number): Promise<SelfTime[]> {
  const inBundle = await mappedBy(bundle);
  const sums = new Map<string, SelfTime>();
  for (const name of (await readdir(folder)).filter((file) => file.endsWith('.cpuprofile'))) {
    const profile = JSON.parse(await readFile(join(folder, name), 'utf8')) as CpuProfile;
    for (const [frame, selfMs] of selfTimes(profile, sinceUs)) {
      if (WAITING.has(frame.functionName)) continue;
      const isBundle = frame.url.includes('workflow-bundle');
      const place = isBundle ? inBundle(frame) : { file: frame.url, name: frame.functionName };
      const file = place.file.startsWith('file:') ? fileURLToPath(place.file) : place.file;
      const group = groupOf(file, frame.functionName);
      const key = `${group} ${place.name} ${file}:${isBundle ? '' : frame.lineNumber}`;
      const known = sums.get(key) ?? { group, function: place.name || '(anonymous)', file: shortened(file), selfMs: 0 };
      sums.set(key, { ...known, selfMs: known.selfMs + selfMs });
    }
  }
  return [...sums.values()].sort((a, b) => b.selfMs - a.selfMs);
}

/** The end of a path that tells where a function is. */
function shortened(file: string): string {
  return file
    .replace(/^.*node_modules\//, '')
    .replace(/^.*\/bench-builds\/[^/]+\//, '')
    .replace(/^webpack:\/\/+/, '');
}
