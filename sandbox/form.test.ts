import { expect, it } from 'vitest';
import { decodeForm } from './form.js';

it.each([
  ['a=1&b=x%20y', { a: '1', b: 'x y' }],
  ['metadata[paymentId]=p&metadata[x]=', { metadata: { paymentId: 'p', x: '' } }],
  ['expand[0]=a&expand[1]=b', { expand: ['a', 'b'] }],
  ['expand[]=a&expand[]=b', { expand: ['a', 'b'] }],
  ['created[gte]=1&created[lt]=2', { created: { gte: '1', lt: '2' } }],
  ['items[0][price]=p&items[0][quantity]=2', { items: [{ price: 'p', quantity: '2' }] }],
  ['metadata[__proto__]=x', { metadata: JSON.parse('{"__proto__":"x"}') as object }],
  ['', {}],
])('decodes %s', (text, expected) => {
  expect(decodeForm(text)).toEqual(expected);
});
