import type { ApiClient } from './api-client.js';
import type { AppointmentView, TimelineItem, TimelineView } from './api-types.js';
import { waitFor } from './wait.js';

/** Follows one appointment: what it is, and its timeline as it grows. */
export class LifeWatch {
  /** The timeline so far, oldest first. */
  items: TimelineItem[] = [];

  constructor(
    private readonly api: ApiClient,
    private readonly id: string,
    private readonly onItem: (item: TimelineItem) => void,
  ) {}

  /** Reads both once; new entries of the timeline are told. */
  async look(): Promise<AppointmentView> {
    const path = `/v1/appointments/${this.id}`;
    const appointment = await this.api.get<AppointmentView>(path);
    const { entries } = await this.api.get<TimelineView>(`${path}/timeline`);
    for (const item of entries.slice(this.items.length)) this.onItem(item);
    this.items = entries;
    return appointment;
  }

  /** Looks until it holds. @throws Error naming `what`, also when the appointment ends some other way meanwhile */
  async until(what: string, withinMs: number, holds: (appointment: AppointmentView) => boolean): Promise<void> {
    await waitFor(what, withinMs, async () => {
      const appointment = await this.look();
      if (holds(appointment)) return true;
      const { status, outcome } = appointment;
      if (status === 'expired' || status === 'no_show' || status === 'cancelled') {
        throw new Error(`${what} did not come: the appointment is ${status} (${outcome?.reason})`);
      }
      return false;
    });
  }

  happened(kind: string): boolean {
    return this.items.some((item) => item.kind === kind && item.detail['refused'] === undefined);
  }
}
