// The pages of the administration, who sees which, and in which order they stand.

import type { Role } from '../core/protocol';
import type { IconName } from '../ui/Icon.svelte';

export type PageName = 'windows' | 'people' | 'invitations' | 'tokens' | 'audit' | 'wall' | 'operation';

const ROLES: readonly Role[] = ['agent', 'supervisor', 'administrator', 'owner'];
const PAGES: readonly { name: PageName; least: Role; icon: IconName }[] = [
  { name: 'windows', least: 'administrator', icon: 'window' },
  { name: 'people', least: 'administrator', icon: 'users' },
  { name: 'invitations', least: 'administrator', icon: 'mail' },
  { name: 'tokens', least: 'administrator', icon: 'key' },
  { name: 'audit', least: 'administrator', icon: 'log' },
  { name: 'wall', least: 'supervisor', icon: 'pulse' },
  { name: 'operation', least: 'supervisor', icon: 'server' },
];

/** Whether somebody may do what takes at least this role. */
export const isAtLeast = (role: Role | undefined, least: Role): boolean =>
  role !== undefined && ROLES.indexOf(role) >= ROLES.indexOf(least);

/** The roles that somebody may give: up to their own. */
export const rolesUpTo = (role: Role): readonly Role[] => ROLES.slice(0, ROLES.indexOf(role) + 1);

/** What somebody's menu holds. */
export const pagesFor = (role: Role | undefined) => PAGES.filter(({ least }) => isAtLeast(role, least));
