// How screens are looked at: by axe, at three sizes, and with CONSOLE_SCREENS=1 by people.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
export const pictures = process.env.CONSOLE_SCREENS === '1';
export const sizes = {
  wide: { width: 1440, height: 900 },
  middle: { width: 900, height: 820 },
  phone: { width: 390, height: 844 },
};
export type Size = keyof typeof sizes;

/** What axe finds on the page, each with the place that is given. */
export async function violations(page: Page, where: string) {
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: {
        run: (
          options: object,
        ) => Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }>;
      };
    };
    const { violations } = await axe.run({ resultTypes: ['violations'] });
    return violations.map(
      (it) => `${it.id}: ${it.nodes.map((node) => `${node.html.slice(0, 160)} ${node.failureSummary}`).join(' | ')}`,
    );
  });
  return found.map((it) => `${where}: ${it}`);
}
