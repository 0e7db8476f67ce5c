// The words of the administration; they come with its own piece of the program.

import { settings } from '../app/settings.svelte';
import { en } from './i18n/en';
import { type AdminTexts, ja } from './i18n/ja';

/** In the reader's language; in a component it follows the choice. */
export const words = (): AdminTexts => (settings.values.lang === 'en' ? en : ja);
