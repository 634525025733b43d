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
const page = await browser.newPage({ ignoreHTTPSErrors: true, reducedMotion: 'reduce', viewport: { width: 1280, height: 1000 } });
page.setDefaultTimeout(given.patience);
let problems = [];
page.on('pageerror', (error) => problems.push(String(error)));
await page.goto(given.url, { timeout: given.patience });
await page.waitForFunction(() => window.lab?.draw);

const settled = () => page.waitForFunction(() => window.lab.isQuiet(), null, { polling: 100 });
const steps = {
    click: (step) => page.getByText(step.text, { exact: true }).first().click(),
    choose: async (step) => {
        await page.locator(`[data-input-id="${step.input}"] button[data-test="select"]`).click();
        await page.getByRole('option', { name: step.option, exact: true }).click();
    },
};

for (const asked of given.pages) {
    problems = [];
    await page.evaluate((one) => window.lab.draw(one), asked);
    await settled();
    const did = [];
    for (const step of asked.steps) {
        try {
            await page.evaluate(() => window.lab.touched());
            await steps[step.do](step);
            await settled();
            did.push({ ...step, text: await page.evaluate(() => document.body.innerText) });
        } catch (error) {
            problems.push(`${JSON.stringify(step)}: ${error}`);
            break;
        }
    }
    const lab = await page.evaluate(() => ({
        searches: window.lab.searches, problems: window.lab.problems, schema: window.lab.schema, went: window.lab.went,
        text: document.body.innerText, colors: [...new Set([...document.querySelectorAll('#page *')].map((one) => getComputedStyle(one).backgroundColor))],
        links: [...document.querySelectorAll('a')].map((a) => a.getAttribute('href')),
    }));
    if (asked.picture) {
        await page.locator('#page').screenshot({ path: asked.picture });
    }
    seen.push({ view: asked.view, theme: asked.theme, ...lab, did, problems: [...problems, ...lab.problems] });
}
for (const definition of given.validate || []) {
    seen.push(await page.evaluate((one) => window.lab.validate(one), definition));
}
await browser.close();
console.log(JSON.stringify(seen));
