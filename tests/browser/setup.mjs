// Set the add-on up in a browser as an admin does. What to type comes as JSON on standard input, what was seen goes out.
import { chromium } from 'playwright-core';
import { readFileSync } from 'node:fs';

const given = JSON.parse(readFileSync(0, 'utf8'));
const seen = { errors: [] };
const browser = await chromium.launch({
    executablePath: given.chromium,
    args: [
        '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
        '--disable-background-networking', '--disable-component-update', '--disable-sync',
    ],
});
const page = await browser.newPage({ ignoreHTTPSErrors: true, viewport: { width: 1200, height: 900 } });
page.setDefaultTimeout(20000);
page.on('pageerror', (error) => seen.errors.push(String(error)));

const dialog = page.getByRole('dialog');
const field = (name) => dialog.locator(`[data-name="${name}"]`);
const fill = (name, text) => field(name).locator('[data-test="textbox"]').last().fill(text);
const picture = (name) => page.screenshot({ path: `${given.pictures}/${name}.png` });
const choose = async (name, label) => {
    await field(name).locator('button[data-test="select"], input').first().click();
    await page.getByRole('option', { name: label, exact: true }).click();
};
const refusal = async () => {
    const message = dialog.locator('[data-test="message-bar"], [data-test="msg-markdown"], [data-test-type="error"]').first();
    await message.waitFor();
    return message.innerText();
};

async function addAccount() {
    await page.goto(`${given.url}/configuration`);
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await fill('name', 'main');
    await fill('url', given.edr);
    await fill('api_token', 'x'.repeat(40));
    await fill('ca_certificate', given.pem);
    await picture('account');
    const add = dialog.getByRole('button', { name: 'Add', exact: true });
    await add.click();
    seen.badToken = await refusal();
    await picture('refused');
    await fill('api_token', given.token);
    await fill('ca_certificate', '');
    await add.click();
    await page.waitForFunction(() => /does not trust/.test(document.body.innerText));
    seen.badCertificate = await refusal();
    await fill('ca_certificate', given.pem);
    await add.click();
    await dialog.waitFor({ state: 'hidden' });
    await page.getByRole('cell', { name: 'main', exact: true }).waitFor();
    await picture('accounts');
    seen.pageAfterSave = await page.content();
}

async function editAccount() {
    await page.goto(`${given.url}/configuration`);
    await page.getByRole('cell', { name: 'main', exact: true }).waitFor();
    await page.getByRole('button', { name: 'Edit' }).first().click();
    await dialog.waitFor();
    seen.shownToken = await field('api_token').locator('input').inputValue();
    await fill('timeout', '20');
    await dialog.getByRole('button', { name: 'Update', exact: true }).click();
    await dialog.waitFor({ state: 'hidden' });
    seen.pageAfterEdit = await page.content();
}

async function changeVerdicts() {
    await page.goto(`${given.url}/configuration?tab=verdicts`);
    const days = page.locator('[data-name="keep_signed_days"] input');
    await days.waitFor();
    await days.fill('14');
    await picture('verdicts');
    const panel = page.locator('[data-name="keep_signed_days"]').locator('xpath=ancestor::*[.//button[normalize-space()="Save"]][1]');
    const saved = page.waitForResponse((answer) => answer.url().includes('cbsigned_settings/verdicts') && answer.request().method() === 'POST');
    await panel.getByRole('button', { name: 'Save' }).first().click();
    seen.settingsStatus = (await saved).status();
}

async function createInput() {
    await page.goto(`${given.url}/inputs`);
    await page.getByRole('button', { name: 'Create New Input' }).click();
    await page.getByRole('menuitem', { name: 'Carbon Black processes' }).click();
    await dialog.waitFor();
    await fill('name', 'all');
    await choose('account', 'main');
    await fill('start', '2026-01-01');
    await picture('input');
    await dialog.getByRole('button', { name: 'Add', exact: true }).click();
    await dialog.waitFor({ state: 'hidden' });
    await page.getByRole('cell', { name: 'all', exact: true }).waitFor();
    await picture('inputs');
}

async function deleteAccount() {
    await page.goto(`${given.url}/configuration`);
    await page.getByRole('cell', { name: 'main', exact: true }).waitFor();
    await page.getByRole('button', { name: 'Delete' }).first().click();
    await dialog.getByRole('button', { name: 'Delete', exact: true }).click();
    await page.getByText('No records found').first().waitFor();
}

const steps = { addAccount, editAccount, changeVerdicts, createInput, deleteAccount };
try {
    for (const step of given.steps) {
        await steps[step]();
    }
} catch (error) {
    seen.failed = String(error);
    await picture('failed');
} finally {
    await browser.close();
}
console.log(JSON.stringify(seen));
