// What outlives a reload: drafts and messages on their way in IndexedDB, marks and settings in localStorage.
// All of it but settings and saved views goes at logout. A browser that refuses to keep anything is no reason to stop.

import type { Item } from '../core/outbox';

const NAME = 'madoguchi';

export type Draft = {
  key: string;
  agent: string;
  conversation: string;
  kind: 'reply' | 'memo' | 'parcel';
  text: string;
};
type StoredItem = Item & { agent: string };

let opened: Promise<IDBDatabase | null> | null = null;

function open(): Promise<IDBDatabase | null> {
  opened ??= new Promise((resolve) => {
    try {
      const request = indexedDB.open(NAME, 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore('drafts', { keyPath: 'key' });
        request.result.createObjectStore('outbox', { keyPath: 'clientId' });
      };
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => resolve(null);
      request.onblocked = () => resolve(null);
    } catch {
      resolve(null);
    }
  });
  return opened;
}

async function change(store: 'drafts' | 'outbox', how: (store: IDBObjectStore) => void): Promise<void> {
  const db = await open();
  if (!db) return;
  await new Promise<void>((resolve) => {
    const transaction = db.transaction(store, 'readwrite');
    transaction.oncomplete = () => resolve();
    transaction.onerror = () => resolve();
    transaction.onabort = () => resolve();
    how(transaction.objectStore(store));
  });
}

async function all<T>(store: 'drafts' | 'outbox'): Promise<T[]> {
  const db = await open();
  if (!db) return [];
  return new Promise((resolve) => {
    const request = db.transaction(store).objectStore(store).getAll();
    request.onsuccess = () => resolve(request.result as T[]);
    request.onerror = () => resolve([]);
  });
}

export const draftKey = (agent: string, conversation: string, kind: string) => `${agent}/${conversation}/${kind}`;

export const saveDraft = (draft: Draft) =>
  change('drafts', (store) => (draft.text === '' ? store.delete(draft.key) : store.put(draft)));
export const loadDrafts = async (agent: string) =>
  (await all<Draft>('drafts')).filter((draft) => draft.agent === agent);

export const saveItem = (agent: string, item: Item) => change('outbox', (store) => store.put({ ...item, agent }));
export const removeItem = (clientId: string) => change('outbox', (store) => store.delete(clientId));
export const loadItems = async (agent: string) =>
  (await all<StoredItem>('outbox')).filter((item) => item.agent === agent).map(({ agent: _, ...item }) => item);

/** Everything that a person wrote or read, gone from this browser. */
export async function wipe(): Promise<void> {
  await change('drafts', (store) => store.clear());
  await change('outbox', (store) => store.clear());
  write('read', null);
}

export function read<T>(name: string, otherwise: T): T {
  try {
    const text = localStorage.getItem(`${NAME}.${name}`);
    return text === null ? otherwise : (JSON.parse(text) as T);
  } catch {
    return otherwise;
  }
}

export function write(name: string, value: unknown) {
  try {
    if (value === null) localStorage.removeItem(`${NAME}.${name}`);
    else localStorage.setItem(`${NAME}.${name}`, JSON.stringify(value));
  } catch {
    // A full or forbidden store costs a setting, nothing else.
  }
}
