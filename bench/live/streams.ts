import { Agent, get } from 'node:http';

/** An event as it came: the appointment, and when (epoch ms). */
export interface Heard {
  id: string;
  status: string;
  changes: string[];
  at: number;
}

/** One listener over a connection of its own. */
export interface Stream {
  close(): void;
}

const EVENT = /^event: appointment\.changed\ndata: (.*)$/m;

/** Opens a stream and resolves when it has said that it is ready. */
export function openStream(url: string, token: string, onHeard: (heard: Heard) => void): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const agent = new Agent({ maxSockets: 1 });
    const request = get(`${url}/v1/events`, { agent, headers: { authorization: `Bearer ${token}` } }, (response) => {
      if (response.statusCode !== 200) return reject(new Error(`a stream was answered with ${response.statusCode}`));
      let rest = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        const at = performance.timeOrigin + performance.now();
        const blocks = (rest + text).split('\n\n');
        rest = blocks.pop() ?? '';
        for (const block of blocks) {
          if (block.includes('event: ready')) resolve({ close: () => request.destroy() });
          const data = EVENT.exec(block)?.[1];
          if (data !== undefined) onHeard({ ...(JSON.parse(data) as Omit<Heard, 'at'>), at });
        }
      });
    });
    request.on('error', reject);
  });
}
