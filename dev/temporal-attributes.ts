import { type Connection, isGrpcServiceError } from '@temporalio/client';
import { SEARCH_ATTRIBUTE_KEYS } from '../workflows/search-attributes.js';

/** The command line's word for each kind that the workflow's search attributes have. */
const kinds = { KEYWORD: 'Keyword', DATETIME: 'Datetime' } as const;

/** What operators filter appointments by, as the Temporal command line takes it: name and kind. */
export const searchAttributes: Record<string, string> = Object.fromEntries(
  SEARCH_ATTRIBUTE_KEYS.map(({ name, type }) => [name, kinds[type]]),
);

/** Whether the server answers and knows the namespace with every search attribute. */
export async function isServing(connection: Connection, namespace: string): Promise<boolean> {
  try {
    await connection.workflowService.describeNamespace({ namespace });
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    return Object.keys(searchAttributes).every((name) => customAttributes && name in customAttributes);
  } catch (error) {
    if (isGrpcServiceError(error)) return false;
    throw error;
  }
}
