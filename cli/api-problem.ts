/** The parts of an RFC 9457 answer that people and callers go by. */
export interface Problem {
  title: string;
  status: number;
  detail?: string;
  /** Stable, snake_case. */
  code: string;
  /** One sentence: what the caller can do. */
  remedy?: string;
  /** Invalid fields: where each is and what is wrong with it. */
  errors?: { field: string; message: string }[];
}

/** A refusal or failure that the API answered with. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly status: number;
  readonly code: string;
  readonly remedy: string | null;

  constructor(readonly problem: Problem) {
    super(problem.detail ?? problem.title);
    this.status = problem.status;
    this.code = problem.code;
    this.remedy = problem.remedy ?? null;
  }
}

/** Nobody answers at the address, or something that isn't the API does. */
export class ApiUnreachable extends Error {
  override readonly name = 'ApiUnreachable';
}

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'code' in body && typeof body.code === 'string';
}

/** Turns an answer of 400 and above into the error to throw. */
export function toApiError(status: number, url: string, body: unknown): ApiProblem | ApiUnreachable {
  if (isProblem(body)) return new ApiProblem({ ...body, title: body.title ?? `The API answered ${status}.`, status });
  return new ApiUnreachable(`${url} answered ${status} in a way that is not the API's.`);
}

/** One line for a person: the sentence, the remedy, and the code to look up. */
export function describeError(error: unknown): string {
  if (!(error instanceof ApiProblem)) return error instanceof Error ? error.message : String(error);
  const { message, remedy, code, problem } = error;
  const fields = (problem.errors ?? []).map(({ field, message: wrong }) => `${field} ${wrong}.`);
  return `${[message, remedy, ...fields].filter(Boolean).join(' ')} [${code}]`;
}
