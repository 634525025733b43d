// Print which options Splunk's packages know of each kind of panel.
import { createRequire } from 'node:module';
import { readdirSync } from 'node:fs';

const require = createRequire(import.meta.url);
const folder = new URL('./node_modules/@splunk/visualizations/', import.meta.url).pathname;
const found = {};
for (const name of readdirSync(folder).filter((one) => one.endsWith('.config.js'))) {
    const config = require(folder + name).default;
    found[config.key] = Object.keys(config.optionsSchema || {});
}
console.log(JSON.stringify(found));
