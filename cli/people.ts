import type { ApiClient } from './api-client.js';
import type { Print } from './appointments.js';

/** Prints everything that is kept of one person, as JSON. */
export async function exportPerson(api: ApiClient, id: string, print: Print): Promise<void> {
  print(JSON.stringify(await api.post(`/v1/admin/people/${id}/export`), null, 2));
}

/** Forgets who somebody is, for good; the API refuses while an appointment is open or money is due. */
export async function erasePerson(api: ApiClient, id: string, print: Print): Promise<void> {
  await api.post(`/v1/admin/people/${id}/erasure`);
  print(`${id} is erased: their appointments and the ledger stay, under an id that names nobody.`);
}
