/** A decoded form value: text, or a list or record of such. */
export type FormValue = string | FormValue[] | { [key: string]: FormValue };
export type Form = Record<string, FormValue>;

/**
 * Decodes the bracket notation Stripe's API uses: `metadata[a]=1&expand[0]=x&expand[]=y` becomes
 * `{ metadata: { a: '1' }, expand: ['x', 'y'] }`.
 */
export function decodeForm(text: string): Form {
  const root: Form = Object.create(null) as Form;
  for (const [key, value] of new URLSearchParams(text)) {
    const path = key.split('[').map((part, index) => (index === 0 ? part : part.replace(/\]$/, '')));
    place(root, path, value);
  }
  return tidy(root) as Form;
}

function place(target: Form, path: string[], value: string): void {
  const [head = '', ...rest] = path;
  const key = head === '' ? String(Object.keys(target).length) : head;
  if (rest.length === 0) {
    target[key] = value;
    return;
  }
  const inner = target[key];
  const next: Form = typeof inner === 'object' && !Array.isArray(inner) ? inner : (Object.create(null) as Form);
  target[key] = next;
  place(next, rest, value);
}

/** Records whose keys are 0, 1, 2 ... were lists. */
function tidy(value: FormValue): FormValue {
  if (typeof value === 'string' || Array.isArray(value)) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, tidy(inner)] as const);
  const isList = entries.length > 0 && entries.every(([key], index) => key === String(index));
  return isList ? entries.map(([, inner]) => inner) : Object.fromEntries(entries);
}
