// Draw a shipped view as Splunk does, by Splunk's own packages; searches go to the lab (POST search), not to a splunkd.
import React from 'react';
import { createRoot } from 'react-dom/client';
import * as core from '@splunk/dashboard-core';
import * as context from '@splunk/dashboard-context';
import * as cloud from '@splunk/dashboard-presets/CloudViewOnlyPreset';
import * as enterprise from '@splunk/dashboard-presets/EnterpriseViewOnlyPreset';
import * as base from '@splunk/datasources/DataSource';
import * as splunkSearch from '@splunk/datasources/SplunkSearch';
import * as utils from '@splunk/datasource-utils';
import * as definitions from '@splunk/dashboard-definition';
import * as validation from '@splunk/dashboard-validation';
import * as themes from '@splunk/themes';

// Sub-paths are CommonJS, and arrive wrapped once or twice.
const plain = (module) => (module && module.default ? plain(module.default) : module);
const DataSource = plain(base);
const CloudPreset = plain(cloud);
const EnterprisePreset = plain(enterprise);
const Provider = context.DashboardContextProvider || plain(context);
const Core = plain(core);

const lab = (window.lab = { searches: [], pending: 0, problems: [], went: [], schema: null, changed: 0 });
window.$C = { LOCALE: 'en_US', SPLUNKD_PATH: '', BUILD_NUMBER: '0' };
window.addEventListener('error', (event) => lab.problems.push(String(event.message)));

// No search runs, and nothing has been painted for a while: on a busy machine panels come long after their rows.
new MutationObserver(() => {
    lab.changed = performance.now();
}).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
lab.isQuiet = () => lab.pending === 0 && lab.searches.length > 0 && performance.now() - lab.changed > 400;

class LabSearch extends DataSource {
    static config = plain(splunkSearch).config;

    static schema = plain(splunkSearch).schema;

    parent = null;

    refresh = false;

    async run() {
        const { query = '', extend, queryParameters = {} } = this.options;
        const whole = extend ? { ...this.parent, query: `${this.parent.query} ${query}` } : { query, ...queryParameters };
        lab.searches.push({ id: this.context.id, ...whole });
        lab.pending += 1;
        try {
            const answer = await fetch('search', { method: 'POST', body: JSON.stringify({ id: this.context.id, ...whole }) });
            const found = await answer.json();
            if (found.error) {
                throw new Error(found.error);
            }
            return { ...found, whole };
        } finally {
            lab.pending -= 1;
        }
    }

    request(requestParams = {}) {
        return (observer) => {
            if (this.options.extend && !this.parent) {
                return () => {};
            }
            this.running ??= this.run();
            this.running.then(
                ({ fields, columns, whole }) => {
                    const data = utils.DataSet.fromJSONCols(fields.map((name) => ({ name })), columns).getPage({
                        count: requestParams.count, offset: requestParams.offset,
                    });
                    const meta = { whole, status: 'done', percentComplete: 100, totalCount: columns.length ? columns[0].length : 0, sid: this.context.id };
                    observer.next({ requestParams, data, meta });
                    observer.complete?.();
                },
                (error) => {
                    lab.problems.push(`${this.context.id}: ${error.message}`);
                    observer.error({ level: 'error', message: error.message });
                },
            );
            return () => {};
        };
    }

    getObserver() {
        return {
            next: ({ meta }) => {
                this.refresh = JSON.stringify(this.parent) !== JSON.stringify(meta.whole);
                if (this.refresh) {
                    this.parent = meta.whole;
                    this.running = null;
                }
            },
            error: () => {},
            complete: () => {},
        };
    }

    shouldRefreshSubscription() {
        return this.refresh;
    }
}

const searches = { 'ds.search': LabSearch, 'ds.chain': LabSearch };
const preset = {
    ...EnterprisePreset,
    // Splunk's own time picker asks splunkd what to offer.
    inputs: { ...EnterprisePreset.inputs, 'input.timerange': CloudPreset.inputs['input.timerange'] },
    dataSources: { ...EnterprisePreset.dataSources, ...searches },
};

lab.validate = (definition) => {
    try {
        const validator = new validation.DashboardValidator();
        const error = validator.setSchema(definitions.createSchemaBasedOnPresets(EnterprisePreset));
        return error ? [{ instancePath: '', message: String(error) }] : validator.validate(definition) || [];
    } catch (error) {
        return [{ instancePath: '', message: `the schema cannot be made: ${error.message}` }];
    }
};

let root = null;
let shown = '';
let paint = null;

// One page draws one view after the other: to load Splunk's packages is most of what a view costs. A view that is shown
// already, untouched, is painted in another theme as Splunk does when somebody switches it.
lab.draw = async ({ view, theme, form, height }) => {
    const wanted = JSON.stringify([view, form]);
    lab.changed = performance.now();
    if (wanted === shown) {
        paint(theme);
        return;
    }
    root?.unmount();
    window.history.replaceState(null, '', '/'); // it keeps what the inputs of the view before were set to
    document.getElementById('page').style.height = `${height}px`;
    Object.assign(lab, { searches: [], problems: [], went: [], schema: null });
    const definition = await (await fetch(`definition/${view}`)).json();
    for (const input of Object.values(definition.inputs || {})) {
        if (form[input.options.token] !== undefined) {
            input.options.defaultValue = form[input.options.token];
        }
    }
    lab.schema = lab.validate(definition);
    const goTo = (url) => lab.went.push(url);
    window.open = goTo;
    const { SplunkThemeProvider } = themes;
    root = createRoot(document.getElementById('page'));
    paint = (scheme) => {
        document.body.style.background = scheme === 'dark' ? '#171d21' : '#f2f4f5';
        root.render(
            <SplunkThemeProvider family="enterprise" colorScheme={scheme} density="comfortable">
                <Provider preset={preset} initialDefinition={definition} initialMode="view" goToUrl={goTo} theme={scheme}>
                    <Core width="100%" height="100%" />
                </Provider>
            </SplunkThemeProvider>,
        );
    };
    paint(theme);
    shown = wanted;
};

lab.touched = () => {
    shown = '';
};
