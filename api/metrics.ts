import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Upper bounds of the answer times that are counted, in seconds. */
const BOUNDS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** One request as it was answered. */
export interface AnsweredRequest {
  method: string;
  route: string;
  status: number;
  ms: number;
}

/**
 * What this process has answered since it started, by a route's pattern (never an address, an id or a person), and how it
 * is: open streams, and what prom-client tells of every process (memory, CPU, lag of the event loop).
 */
export class ApiMetrics {
  private readonly registry = new Registry();
  private readonly answered = new Counter({
    name: 'http_requests_total',
    help: 'Requests answered.',
    labelNames: ['method', 'route', 'status'],
    registers: [this.registry],
  });
  private readonly times = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time until a request was answered; of a stream, until it began.',
    labelNames: ['method', 'route'],
    buckets: BOUNDS_S,
    registers: [this.registry],
  });

  /** @param liveStreams how many streams of events are open now */
  constructor(liveStreams: () => number) {
    collectDefaultMetrics({ register: this.registry });
    new Gauge({
      name: 'live_streams',
      help: 'Streams of events that are open.',
      registers: [this.registry],
      collect() {
        this.set(liveStreams());
      },
    });
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  note({ method, route, status, ms }: AnsweredRequest): void {
    this.answered.inc({ method, route, status });
    this.times.observe({ method, route }, ms / 1_000);
  }

  /** In the text format of Prometheus, with values of the moment. */
  write(): Promise<string> {
    return this.registry.metrics();
  }
}
