import { type Connection, isGrpcServiceError } from '@temporalio/client';
import { encodeSearchAttributeIndexedValueType } from '@temporalio/common/lib/search-attributes.js';
import { setTimeout as sleep } from 'node:timers/promises';

/** What operators filter appointments by: opaque ids and enums only, because search attributes are stored in clear. */
export const searchAttributes = {
  appointmentStatus: 'Keyword',
  startsAt: 'Datetime',
  therapistId: 'Keyword',
  clientId: 'Keyword',
  needs: 'Keyword',
} as const;

const kinds = { Keyword: 'KEYWORD', Datetime: 'DATETIME' } as const;

async function missing(connection: Connection, namespace: string): Promise<(keyof typeof searchAttributes)[]> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const names = Object.keys(searchAttributes) as (keyof typeof searchAttributes)[];
  return names.filter((name) => !(customAttributes && name in customAttributes));
}

/** Registers what a server that isn't ours lacks; it may be told to a reader a moment later. */
export async function ensureSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  const names = await missing(connection, namespace);
  if (names.length === 0) return;
  const pairs = names.map((name) => [name, encodeSearchAttributeIndexedValueType(kinds[searchAttributes[name]])]);
  await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: Object.fromEntries(pairs) });
  for (let tries = 0; tries < 50 && (await missing(connection, namespace)).length > 0; tries += 1) await sleep(200);
}

/** Whether the server answers and knows the namespace with every search attribute. */
export async function isServing(connection: Connection, namespace: string): Promise<boolean> {
  try {
    await connection.workflowService.describeNamespace({ namespace });
    return (await missing(connection, namespace)).length === 0;
  } catch (error) {
    if (isGrpcServiceError(error)) return false;
    throw error;
  }
}
