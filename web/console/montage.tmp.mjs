import { chromium } from 'playwright-core';

const [out, height, ...files] = process.argv.slice(2);
const b = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--allow-file-access-from-files'],
});
const p = await b.newPage({ viewport: { width: 2000, height: Number(height) } });
const { writeFileSync } = await import('node:fs');
writeFileSync(
  '/tmp/montage.html',
  `<body style="margin:0;display:flex;gap:8px;background:#888">${files.map((f) => `<img src="file://${process.cwd()}/screens/${f}.png" style="height:${height}px">`).join('')}`,
);
await p.goto('file:///tmp/montage.html');
await p.waitForTimeout(300);
await p.screenshot({ path: out });
await b.close();
