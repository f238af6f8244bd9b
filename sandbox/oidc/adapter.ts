import type { Adapter, AdapterPayload } from 'oidc-provider';
import type { Collection, Store } from '../store.js';

interface Kept {
  payload: AdapterPayload;
  /** Milliseconds since the epoch. */
  expiresAt: number | null;
}

/** Keeps the OpenID provider's sessions, codes and grants in the sandbox's store. */
export function oidcAdapter(store: Store): (model: string) => Adapter {
  const kept: Collection<Kept> = store.collection<Kept>('oidc');
  for (const [key, { expiresAt }] of kept.entries()) if (expired(expiresAt)) kept.delete(key);
  const read = (key: string): AdapterPayload | undefined => {
    const item = kept.get(key);
    return item && !expired(item.expiresAt) ? item.payload : undefined;
  };
  return (model) => {
    const prefix = `${model}:`;
    const search = (field: 'uid' | 'userCode', value: string) =>
      kept.entries().find(([key, { payload }]) => key.startsWith(prefix) && payload[field] === value)?.[1].payload;
    return {
      upsert: async (id, payload, expiresIn) => {
        kept.put(prefix + id, { payload, expiresAt: expiresIn ? Date.now() + expiresIn * 1000 : null });
      },
      find: async (id) => read(prefix + id),
      findByUid: async (uid) => search('uid', uid),
      findByUserCode: async (userCode) => search('userCode', userCode),
      consume: async (id) => {
        const payload = read(prefix + id);
        const item = kept.get(prefix + id);
        if (payload && item) {
          kept.put(prefix + id, { ...item, payload: { ...payload, consumed: Math.floor(Date.now() / 1000) } });
        }
      },
      destroy: async (id) => kept.delete(prefix + id),
      revokeByGrantId: async (grantId) => {
        for (const [key, { payload }] of kept.entries()) {
          if (key.startsWith(prefix) && payload['grantId'] === grantId) kept.delete(key);
        }
      },
    };
  };
}

function expired(expiresAt: number | null): boolean {
  return expiresAt !== null && expiresAt < Date.now();
}
