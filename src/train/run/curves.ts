/** A run's report: one HTML file without scripts, its curves as inline SVG. */

export interface Curve {
  readonly title: string;
  readonly series: readonly { readonly name: string; readonly points: readonly (readonly [number, number])[] }[];
  /** Lines across, such as what majority voting reaches. */
  readonly levels?: readonly { readonly name: string; readonly value: number }[];
}

export interface TrainingReport {
  readonly title: string;
  readonly facts: readonly (readonly [string, string])[];
  readonly curves: readonly Curve[];
  readonly notes: readonly string[];
  readonly tables?: readonly Table[];
  /** Shown as they are, in type of one width. */
  readonly texts?: readonly { readonly title: string; readonly text: string }[];
}

export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [420, 230, 46, 410, 14, 196];
/** Okabe-Ito: colours that colour-blind readers can tell apart. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#a4508b'];
/** More points than the plot has pixels only make the file larger. */
const MOST_POINTS = 400;

const STYLE = `:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:920px;margin:0 auto;padding:24px}
h1{font-size:1.5rem}h2{font-size:1.15rem}table{border-collapse:collapse}th{text-align:left;font-weight:600}pre{font-size:.85rem;overflow-x:auto}th,td{padding:2px 16px 2px 0;font-variant-numeric:tabular-nums}
.curves{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr));gap:20px}figure{margin:0}
figcaption{font-weight:600}svg{width:100%;height:auto;font-size:11px}svg text{fill:currentColor}.key{font-size:.85rem}
.key b{font-weight:600}`;

export function renderCurves({ title, facts, curves, notes, tables = [], texts = [] }: TrainingReport): string {
  const drawn = curves.filter(({ series }) => series.some(({ points }) => points.length > 0));
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${escapeText(title)}</title><style>${STYLE}</style></head><body>
<h1>${escapeText(title)}</h1>
<table>${facts.map(([name, value]) => `<tr><td>${escapeText(name)}</td><td>${escapeText(value)}</td></tr>`).join('\n')}</table>
${tables.map(table).join('\n')}
<div class="curves">${drawn.map(figure).join('\n')}</div>
${texts.map(({ title: name, text }) => `<h2>${escapeText(name)}</h2><pre>${escapeText(text)}</pre>`).join('\n')}
${notes.length === 0 ? '' : `<h2>Notes</h2><ul>${notes.map((note) => `<li>${escapeText(note)}</li>`).join('')}</ul>`}
</body></html>
`;
}

function table({ title, head, rows }: Table): string {
  const line = (cells: readonly string[], tag: 'th' | 'td'): string =>
    `<tr>${cells.map((cell) => `<${tag}>${escapeText(cell)}</${tag}>`).join('')}</tr>`;
  return `<h2>${escapeText(title)}</h2><table>${line(head, 'th')}${rows.map((row) => line(row, 'td')).join('\n')}</table>`;
}

function figure({ title, series, levels = [] }: Curve): string {
  const points = series.flatMap((one) => one.points);
  const ys = [...points.map(([, y]) => y), ...levels.map(({ value }) => value)];
  const xs = points.map(([x]) => x);
  const [fromX, toX] = [xs.reduce((a, b) => Math.min(a, b)), xs.reduce((a, b) => Math.max(a, b))];
  const [lowest, highest] = [ys.reduce((a, b) => Math.min(a, b)), ys.reduce((a, b) => Math.max(a, b))];
  const margin = (highest - lowest || Math.abs(highest) || 1) * 0.06;
  const [fromY, toY] = [lowest >= 0 && lowest < highest / 2 ? 0 : lowest - margin, highest + margin];
  const x = (value: number): number => round(LEFT + ((value - fromX) / (toX - fromX || 1)) * (RIGHT - LEFT));
  const y = (value: number): number => round(BOTTOM - ((value - fromY) / (toY - fromY)) * (BOTTOM - TOP));
  const grid = [0, 0.25, 0.5, 0.75, 1].map((share) => fromY + share * (toY - fromY));
  const body = [
    ...grid.map(
      (value) =>
        `<line x1="${LEFT}" y1="${y(value)}" x2="${RIGHT}" y2="${y(value)}" stroke="currentColor" stroke-opacity=".12"/>` +
        `<text x="${LEFT - 5}" y="${y(value) + 4}" text-anchor="end">${short(value)}</text>`,
    ),
    `<text x="${LEFT}" y="${HEIGHT - 16}">${fromX}</text>`,
    `<text x="${RIGHT}" y="${HEIGHT - 16}" text-anchor="end">step ${toX}</text>`,
    ...levels.map(
      ({ name, value }) =>
        `<line x1="${LEFT}" y1="${y(value)}" x2="${RIGHT}" y2="${y(value)}" stroke="currentColor" stroke-opacity=".55" stroke-dasharray="4 3"/>` +
        `<text x="${RIGHT}" y="${y(value) - 3}" text-anchor="end">${escapeText(name)} ${short(value)}</text>`,
    ),
    ...series.map(({ points: all }, i) => {
      const every = Math.ceil(all.length / MOST_POINTS);
      const path = all
        .filter((_, at) => at % every === 0 || at === all.length - 1)
        .map(([px, py]) => `${x(px)},${y(py)}`);
      return `<polyline points="${path.join(' ')}" fill="none" stroke="${COLOURS[i % COLOURS.length]}" stroke-width="1.8"/>`;
    }),
  ].join('');
  const key = series
    .map(({ name }, i) => `<b style="color:${COLOURS[i % COLOURS.length]}">${escapeText(name)}</b>`)
    .join(' · ');
  return `<figure><figcaption>${escapeText(title)}</figcaption><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeText(title)}">${body}</svg><div class="key">${key}</div></figure>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function short(value: number): string {
  return Math.abs(value) >= 1000 || value === 0 ? value.toFixed(0) : value.toPrecision(2);
}

function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
