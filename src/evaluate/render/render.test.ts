import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { majority, oracle, single } from '../../aggregate/index.ts';
import type { WinnowError } from '../../core/index.ts';
import { evaluatePool } from '../evaluate-pool.ts';
import type { PoolGroup } from '../graded-question.ts';
import type { Report } from '../report.ts';
import { checkReportFolder, readReport, renderReport, writeReport } from '../report-files.ts';
import { byText, readText, stream } from '../shared-pools.testkit.ts';
import { renderHtml } from './html.ts';
import { renderMarkdown } from './markdown.ts';
import { logTicks, niceTicks } from './scale.ts';
import { renderText } from './text.ts';

const HOSTILE = '<script>alert(1)</script>"\'><img src=x onerror=alert(2)>\u001b[31m|`*_[link](http://evil)\u202e\n# x';

async function hostileReport(): Promise<Report> {
  const groups = ['p', 'q', 'r'].map(
    (id): PoolGroup => ({
      problem: { question: { id: `${id}${HOSTILE}`, domain: 'free', messages: [] } },
      samples: ['x', 'x', 'y'].map((text, index) => ({
        index,
        text,
        finishReason: 'stop',
        model: `${HOSTILE}${index}`,
      })),
      labels: [true, false, id === 'p'].map((good) => ({ [HOSTILE]: good })),
    }),
  );
  const report = await evaluatePool(stream(groups), {
    methods: [single(), majority(), oracle()],
    judgement: { kind: 'label', name: HOSTILE },
    read: readText,
    classify: byText,
  });
  return { ...report, notes: [HOSTILE] };
}

test('the HTML asks for nothing from outside, runs nothing, and escapes every name', async () => {
  const html = renderHtml(await hostileReport());
  // Names have their angle brackets escaped, so that whatever looks like a tag is one.
  const markup = (html.match(/<[^>]*>/g) ?? []).join('\n');
  assert.doesNotMatch(markup, /\s(?:on\w+|href|src|srcset|xlink:href|style)\s*=/i);
  assert.doesNotMatch(html, /url\(|@import/i);
  assert.match(html, /Content-Security-Policy" content="default-src 'none'/);
  assert.match(html, /&#60;script&#62;/);
  const tags = new Set([...markup.matchAll(/^<\/?([a-z!][a-z0-9]*)/gim)].map((match) => match[1]?.toLowerCase()));
  const ours =
    'b body circle desc details div figure footer h1 h2 head html li line main meta p polygon polyline rect section span style summary svg table tbody td text th thead title tr ul !doctype';
  assert.deepEqual(
    [...tags].filter((tag) => !ours.split(' ').includes(tag ?? '')),
    [],
  );
  assert.match(html, /prefers-color-scheme:dark/);
});

test('paired comparisons are folded by k, and only those of the largest k are open', async () => {
  const html = renderHtml(await hostileReport());
  const groups = [...html.matchAll(/<details( open)?><summary>(.*?)<\/summary>/g)].map(([, open, text]) => [
    text,
    open,
  ]);
  assert.deepEqual(groups, [
    ['k = 3, 3 comparisons', ' open'],
    ['k = 2, 3 comparisons', undefined],
    ['k = 1, 3 comparisons', undefined],
  ]);
  assert.equal(html.match(/aria-label="Paired comparisons at k = /g)?.length, 3);
});

test('every plot has a title and a description, and no coordinate is broken', async () => {
  const html = renderHtml(await hostileReport());
  const plots = html.match(/<svg [^>]*role="img"[\s\S]*?<\/svg>/g) ?? [];
  assert.ok(plots.length >= 4);
  for (const plot of plots)
    assert.match(plot, /aria-labelledby="(\S+) (\S+)">\s*<title id="\1">[^<]+<\/title><desc id="\2">[^<]+<\/desc>/);
  assert.doesNotMatch(html, /NaN|undefined|Infinity/);
});

test('the terminal text has no escape sequences and no line made up by a name', async () => {
  const text = renderText(await hostileReport());
  assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
  assert.doesNotMatch(text, /^# x/m);
  assert.match(text, /^majority +/m);
});

test('Markdown from the pool stays text', async () => {
  const markdown = renderMarkdown(await hostileReport());
  assert.doesNotMatch(markdown, /(^|[^\\])<script|(^|[^\\])\[link\]/);
  for (const row of markdown.split('\n').filter((line) => line.startsWith('| single')))
    assert.equal((row.match(/(?<!\\)\|/g) ?? []).length, 5);
});

test('a report written and read again renders the same bytes', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'winnow-report-'));
  try {
    const report = await hostileReport();
    await writeReport(folder, report);
    const html = await readFile(path.join(folder, 'report.html'), 'utf8');
    const again = await readReport(folder);
    await renderReport(folder, again);
    assert.deepEqual(again, JSON.parse(JSON.stringify(report)));
    assert.equal(await readFile(path.join(folder, 'report.html'), 'utf8'), html);

    await writeFile(path.join(folder, 'report.json'), '{"pool": 3}');
    await assert.rejects(
      readReport(folder),
      (error: WinnowError) => error.code === 'bad-input' && /pool/.test(error.message),
    );
    await writeFile(path.join(folder, 'report.json'), '{');
    await assert.rejects(readReport(folder), (error: WinnowError) => error.code === 'bad-input');
    await assert.rejects(readReport(path.join(folder, 'none')), (error: WinnowError) => error.code === 'not-found');
    for (const name of ['report.json', 'none.html']) {
      const refused = { code: 'wrong-use', message: /a folder for the results was expected, but .*file$/ };
      await assert.rejects(checkReportFolder(path.join(folder, name)), refused);
    }
    const below = { code: 'wrong-use', message: /report\.json is a file, and a folder was expected/ };
    await assert.rejects(writeReport(path.join(folder, 'report.json', 'x'), report), below);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('axis ticks are round numbers that hold the data', () => {
  assert.deepEqual(niceTicks(0.82, 0.997), [0.8, 0.85, 0.9, 0.95, 1]);
  assert.deepEqual(logTicks(445, 6063), [500, 1000, 2000, 5000]);
  assert.ok(niceTicks(0.5, 0.5).length >= 1);
});
