/** Upper bounds of the answer times that are counted, in seconds. */
const BOUNDS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

interface Times {
  /** How many took no longer than each bound, and how many at all. */
  within: number[];
  count: number;
  sumS: number;
}

const labelled = (labels: Record<string, string | number>): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${String(value).replaceAll(/["\\\n]/g, '_')}"`)
    .join(',');

/** What this process has answered since it started, by a route's pattern: never an address, an id or a person. */
export class RequestMetrics {
  private readonly times = new Map<string, Times>();
  private readonly statuses = new Map<string, number>();

  note({ method, route, status, ms }: { method: string; route: string; status: number; ms: number }): void {
    const labels = labelled({ method, route });
    const times = this.times.get(labels) ?? { within: BOUNDS_S.map(() => 0), count: 0, sumS: 0 };
    this.times.set(labels, times);
    times.count += 1;
    times.sumS += ms / 1_000;
    for (const [n, bound] of BOUNDS_S.entries()) if (ms <= bound * 1_000) times.within[n]! += 1;
    const answered = `${labels},${labelled({ status })}`;
    this.statuses.set(answered, (this.statuses.get(answered) ?? 0) + 1);
  }

  /** In the text format of Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats), with values of the moment. */
  write(gauges: Record<string, { help: string; value: number }>): string {
    const lines = ['# HELP http_requests_total Requests answered.', '# TYPE http_requests_total counter'];
    for (const [labels, count] of this.statuses) lines.push(`http_requests_total{${labels}} ${count}`);
    const name = 'http_request_duration_seconds';
    lines.push(
      `# HELP ${name} Time until a request was answered; of a stream, until it began.`,
      `# TYPE ${name} histogram`,
    );
    for (const [labels, { within, count, sumS }] of this.times) {
      for (const [n, bound] of BOUNDS_S.entries()) lines.push(`${name}_bucket{${labels},le="${bound}"} ${within[n]}`);
      lines.push(`${name}_bucket{${labels},le="+Inf"} ${count}`);
      lines.push(`${name}_sum{${labels}} ${sumS}`, `${name}_count{${labels}} ${count}`);
    }
    for (const [gauge, { help, value }] of Object.entries(gauges))
      lines.push(`# HELP ${gauge} ${help}`, `# TYPE ${gauge} gauge`, `${gauge} ${value}`);
    return `${lines.join('\n')}\n`;
  }
}
