// Draw the app's icons from package/icons: `make icons`.
import { chromium } from 'playwright-core';
import { readFileSync } from 'node:fs';

const root = new URL('../../package/', import.meta.url).pathname;
const icons = [
    ['icon', 'appIcon', 36, 36], ['icon', 'appIcon_2x', 72, 72], ['icon_alt', 'appIconAlt', 36, 36],
    ['icon_alt', 'appIconAlt_2x', 72, 72], ['logo', 'appLogo', 160, 40], ['logo', 'appLogo_2x', 320, 80],
];
const browser = await chromium.launch({ executablePath: process.argv[2], args: ['--no-sandbox', '--disable-gpu'] });
for (const [source, name, width, height] of icons) {
    const page = await browser.newPage({ viewport: { width, height } });
    await page.setContent(`<style>*{margin:0}svg{display:block;width:${width}px;height:${height}px}</style>${readFileSync(`${root}icons/${source}.svg`, 'utf8')}`);
    await page.screenshot({ path: `${root}static/${name}.png`, omitBackground: true });
    await page.close();
}
await browser.close();
