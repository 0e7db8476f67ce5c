// What a window is made of, as the form has it.

import type { Window } from '../types';

export type Draft = { id: string; name: string; product: number; description: string; picture: string };

/** Limits that the server has too; it has the last word. */
export const LIMITS = { name: 20, id: 20, description: 100, pictureBytes: 10_000_000 } as const;

export const draftOf = (window: Window): Draft => ({
  id: window.id,
  name: window.name,
  product: window.product,
  description: window.description,
  picture: '',
});

/** For a new window. */
export const send = ({ id, name, product, description, picture }: Draft) => ({
  id: id.trim(),
  name: name.trim(),
  product,
  description: description.trim(),
  ...(picture ? { picture } : {}),
});

/** Why a file cannot be a window's picture; null when it may be tried. */
export function wrongPicture(file: { name: string; size: number }): 'type' | 'name' | 'size' | null {
  if (!/\.png$/.test(file.name)) return /\.png$/i.test(file.name) ? 'name' : 'type';
  if (!/^[a-z0-9]+\.png$/.test(file.name)) return 'name';
  return file.size >= LIMITS.pictureBytes || file.size === 0 ? 'size' : null;
}
