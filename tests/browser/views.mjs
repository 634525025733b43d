// Bundle the page that draws views, then open views as people do. What to do comes as JSON on standard input.
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { existsSync, readFileSync, statSync } from 'node:fs';

const here = new URL('.', import.meta.url).pathname;
const bundle = `${here}node_modules/.cache/views.js`;
const sources = ['views.jsx', 'package-lock.json'].map((name) => statSync(`${here}${name}`).mtimeMs);
if (!existsSync(bundle) || statSync(bundle).mtimeMs < Math.max(...sources)) {
    await build({
        entryPoints: [`${here}views.jsx`], outfile: bundle, bundle: true, minify: true, format: 'iife', jsx: 'transform',
        define: { 'process.env.NODE_ENV': '"production"', global: 'window' }, logLevel: 'error',
        loader: { '.svg': 'dataurl', '.woff': 'dataurl', '.woff2': 'dataurl', '.png': 'dataurl' },
    });
}

const given = JSON.parse(readFileSync(0, 'utf8'));
const browser = await chromium.launch({
    executablePath: given.chromium,
    args: [
        '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-dev-shm-usage', '--hide-scrollbars',
        '--disable-background-networking', '--disable-component-update', '--disable-sync',
    ],
});
const seen = [];
for (const asked of given.pages) {
    const page = await browser.newPage({ ignoreHTTPSErrors: true, viewport: { width: asked.width || 1280, height: asked.height || 900 } });
    page.setDefaultTimeout(20000);
    const problems = [];
    page.on('pageerror', (error) => problems.push(String(error)));
    const settled = async () => {
        // Quiet for a while: no search runs, and none has begun since.
        let before = -1;
        for (let quiet = 0; quiet < 3;) {
            await page.waitForTimeout(250);
            const [pending, begun] = await page.evaluate(() => [window.lab.pending, window.lab.searches.length]);
            quiet = pending === 0 && begun === before ? quiet + 1 : 0;
            before = begun;
        }
    };
    await page.goto(`${given.url}/?${new URLSearchParams({ view: asked.view, theme: asked.theme, ...asked.form })}`);
    await page.waitForFunction(() => window.lab);
    await settled();
    const did = [];
    for (const step of asked.steps || []) {
        try {
            if (step.click) {
                await page.getByText(step.click, { exact: true }).first().click();
            } else if (step.choose) {
                await page.locator(`[data-test="input-title"]:has-text("${step.choose}")`).first().waitFor();
                const input = page.locator('[data-test="input-layout-container"], [data-test*="input"]').filter({ hasText: step.choose }).last();
                await input.locator('button').last().click();
                await page.getByRole('option', { name: step.option, exact: true }).click();
            } else if (step.type) {
                const input = page.locator('input[type="text"], input:not([type])').nth(step.nth || 0);
                await input.fill(step.type);
                await input.press('Enter');
            }
            await settled();
            did.push({ ...step, text: await page.evaluate(() => document.body.innerText) });
        } catch (error) {
            problems.push(`${JSON.stringify(step)}: ${error}`);
        }
    }
    const lab = await page.evaluate(() => ({ ...window.lab, text: document.body.innerText, links: [...document.querySelectorAll('a')].map((a) => a.getAttribute('href')) }));
    if (asked.picture) {
        await page.screenshot({ path: asked.picture, fullPage: true });
    }
    seen.push({ view: asked.view, theme: asked.theme, ...lab, did, problems: [...problems, ...lab.problems] });
    await page.close();
}
await browser.close();
console.log(JSON.stringify(seen));
