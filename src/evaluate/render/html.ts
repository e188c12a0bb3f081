import type { Report } from '../report.ts';
import { count, percent, plain, plural, points } from './format.ts';
import { type LineSeries, linePlot } from './line-plot.ts';
import { dotPlot, positionPlot, recoveredPlot, verdictPlot } from './row-plots.ts';
import { logTicks } from './scale.ts';
import {
  accuracyTable,
  comparisonTable,
  costTables,
  furtherTables,
  poolLine,
  type Table,
  verdictRows,
} from './sections.ts';
import { STYLE } from './style.ts';
import { escapeHtml, marker, type Plot, svg } from './svg.ts';
import { type View, viewOf } from './view.ts';

/**
 * The report as one HTML file that asks for nothing else: no script, no font, no picture from anywhere, and a content
 * policy that would refuse them. All text is escaped, since method, model and problem names come from files.
 */
export function renderHtml(report: Report): string {
  const view = viewOf(report);
  const cards = [
    ...[accuracyTable(view), ...costTables(view)].map(tableCard),
    ...(report.comparisons.length === 0 ? [] : [comparisonCard(report, view)]),
    ...furtherTables(report).map(tableCard),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Evaluation: ${escapeHtml(poolLine(report))}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>Evaluation</h1>
<p class="soft">${escapeHtml(poolLine(report))}</p>
${tiles(view)}
${notes(report)}
<div class="plots">
${plots(report, view).join('\n')}
</div>
${cards.join('\n')}
<footer>${escapeHtml(settingsLine(report))}</footer>
</main>
</body>
</html>
`;
}

/** The figures that people look for first. */
function tiles(view: View): string {
  const k = view.largestK;
  const shown = [...new Set(['single', view.baseline, bestSelector(view), 'oracle'])].filter(
    (name) => name !== undefined,
  );
  const cards = shown.flatMap((name) => {
    const metric = view.metric(name, k);
    if (metric === undefined) return [];
    const against = view.againstBaseline.find(({ a }) => a === name);
    const gain = against === undefined ? '' : `, ${points(against.difference)} points against ${view.baseline}`;
    const interval = `[${percent(metric.low)}, ${percent(metric.high)}]${gain}`;
    const label =
      name === 'oracle' ? `any of ${k} right (pass@${k})` : name === 'single' ? 'single sample' : `${name} of ${k}`;
    return [
      `<div class="tile"><span>${escapeHtml(label)}</span><b>${percent(metric.value)} %</b><span>${escapeHtml(interval)}</span></div>`,
    ];
  });
  return `<div class="tiles">${cards.join('')}</div>`;
}

/** The best method that could be deployed, which the oracle cannot. */
function bestSelector(view: View): string | undefined {
  const values = view.methods
    .filter((name) => name !== 'oracle' && name !== 'single')
    .map((name) => ({ name, value: view.metric(name, view.largestK)?.value ?? -1 }));
  return values.sort((a, b) => b.value - a.value)[0]?.name;
}

function plots(report: Report, view: View): string[] {
  const legend = methodLegend(view);
  const rows = view.methods.flatMap((method) => {
    const metric = view.metric(method, view.largestK);
    return metric === undefined ? [] : [{ metric, style: view.styleOf(method) }];
  });
  const cards = [plotCard(accuracyPlot(view), legend)];
  const tokens = tokensPlot(view);
  if (tokens !== undefined) cards.push(plotCard(tokens, legend));
  cards.push(plotCard(dotPlot('methods', view.largestK, rows), ''));
  if (view.againstBaseline.length > 0) {
    cards.push(
      plotCard(recoveredPlot('recovered', `${plain(view.baseline)}, k = ${view.largestK}`, view.againstBaseline), ''),
    );
  }
  cards.push(plotCard(verdictPlot('verdicts', verdictRows(report)), verdictLegend(report)));
  report.diagnostics.forEach(({ method, k, positions }, i) => {
    if (positions.length < 2 || k !== view.largestK) return;
    cards.push(plotCard(positionPlot(`position-${i}`, `${plain(method)}, k = ${k}`, positions), ''));
  });
  return cards;
}

function accuracyPlot(view: View): Plot {
  const series = view.methods.map(
    (method): LineSeries => ({
      style: view.styleOf(method),
      points: view.ks.flatMap((k) => {
        const metric = view.metric(method, k);
        if (metric === undefined) return [];
        const tip = `${method}, k = ${k}: ${percent(metric.value)} % [${percent(metric.low)}, ${percent(metric.high)}]`;
        return [{ x: k, y: metric.value, low: metric.low, high: metric.high, tip }];
      }),
    }),
  );
  return linePlot({
    id: 'accuracy',
    title: 'Accuracy against k',
    description: `Per cent of problems solved, from k = ${view.ks[0]} to ${view.largestK} candidates, for ${view.methods.join(', ')}.`,
    series,
    xLabel: 'k, candidates a problem',
    xTicks: view.ks,
    formatX: String,
  });
}

/** Undefined where the pool knows no tokens. */
function tokensPlot(view: View): Plot | undefined {
  const series = view.methods.map(
    (method): LineSeries => ({
      style: view.styleOf(method),
      points: view.ks.flatMap((k) => {
        const metric = view.metric(method, k);
        const tokens = metric?.tokens_per_problem ?? null;
        if (metric === undefined || tokens === null || tokens <= 0) return [];
        const tip = `${method}, k = ${k}: ${percent(metric.value)} % for ${count(Math.round(tokens))} tokens`;
        return [{ x: tokens, y: metric.value, low: metric.low, high: metric.high, tip }];
      }),
    }),
  );
  // A method whose cost does not depend on k is one point.
  const distinct = series.map(({ style, points: all }) => ({
    style,
    points: all.every(({ x }) => x === all[0]?.x) ? all.slice(-1) : all,
  }));
  const xs = distinct.flatMap(({ points: all }) => all.map(({ x }) => x));
  if (xs.length === 0) return undefined;
  return linePlot({
    id: 'tokens',
    title: 'Accuracy against tokens',
    description: 'Per cent of problems solved against mean tokens a problem, drawing and judging together.',
    series: distinct.filter(({ points: all }) => all.length > 0),
    xLabel: 'tokens a problem (logarithmic)',
    xTicks: logTicks(Math.min(...xs), Math.max(...xs)),
    formatX: (value) => value.toLocaleString('en-US', { notation: 'compact', maximumSignificantDigits: 3 }),
  });
}

function plotCard(plot: Plot, legend: string): string {
  return `<figure class="card"><h2>${escapeHtml(plot.title)}</h2>${svg(plot)}${legend}</figure>`;
}

function methodLegend({ methods, styleOf }: View): string {
  const items = methods.map(
    (method) =>
      `<li><svg viewBox="-7 -7 14 14" aria-hidden="true">${marker(0, 0, styleOf(method), '', 5)}</svg>${escapeHtml(method)}</li>`,
  );
  return `<ul class="legend">${items.join('')}</ul>`;
}

function verdictLegend(report: Report): string {
  const items = verdictRows(report)
    .filter((row) => row.count > 0)
    .map(
      ({ kind, count: samples, share }) =>
        `<li><span class="swatch v-${kind}"></span>${kind} ${count(samples)} (${percent(share)} %)</li>`,
    );
  return `<ul class="legend">${items.join('')}</ul>`;
}

function tableCard(table: Table): string {
  return `<section class="card wide">${heading(table)}
${scrolled(table)}</section>`;
}

/** Pairs of methods are many: a table for each k, all folded but that of the largest. */
function comparisonCard({ comparisons }: Report, { ks, largestK }: View): string {
  const tables = ks.flatMap((k) => {
    const table = comparisonTable(
      comparisons.filter((comparison) => comparison.k === k),
      `Paired comparisons at k = ${k}`,
    );
    const { length } = table.rows;
    if (length === 0) return [];
    const summary = `<summary>k = ${k}, ${plural(length, 'comparison')}</summary>`;
    return [`<details${k === largestK ? ' open' : ''}>${summary}\n${scrolled(table)}</details>`];
  });
  return `<section class="card wide">${heading(comparisonTable([], 'Paired comparisons'))}
${tables.toReversed().join('\n')}</section>`;
}

function heading({ title, remark }: Table): string {
  const note = remark === undefined ? '' : `<p class="remark">${escapeHtml(remark)}</p>`;
  return `<h2>${escapeHtml(title)}</h2>${note}`;
}

function scrolled({ title, head, rows }: Table): string {
  const cells = (row: readonly string[]): string =>
    row
      .map((cell, i) => (i === 0 ? `<th scope="row">${escapeHtml(cell)}</th>` : `<td>${escapeHtml(cell)}</td>`))
      .join('');
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(title)}"><table>
<thead><tr>${head.map((name) => `<th scope="col">${escapeHtml(name)}</th>`).join('')}</tr></thead>
<tbody>${rows.map((row) => `<tr>${cells(row)}</tr>`).join('\n')}</tbody>
</table></div>`;
}

function notes(report: Report): string {
  if (report.notes.length === 0) return '';
  return `<section class="card wide"><h2>Read this first</h2><ul class="notes">${report.notes
    .map((note) => `<li>${escapeHtml(note)}</li>`)
    .join('')}</ul></section>`;
}

function settingsLine({ settings }: Report): string {
  const judge =
    settings.judge === null ? '' : ` Judge ${settings.judge}, ${settings.subsets} subset(s) a problem and k.`;
  return `winnow evaluate, seed ${settings.seed}.${judge} Intervals are 95 %, the problem is the unit: samples of one problem are not counted as independent.`;
}
