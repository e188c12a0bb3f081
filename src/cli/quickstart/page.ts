import { type Curve, refineReport, selectReport, type Table, type TrainingReport } from '../../train/index.ts';
import type { Transcript } from './choosing.ts';
import { byFamily, headroomClosed, majorityOf, type QuickstartResults, recovered } from './results.ts';

const percent = (share: number | null | undefined): string =>
  share === null || share === undefined ? '-' : `${(100 * share).toFixed(1)} %`;
const chance = (p: number): string => (p < 0.001 ? 'p < 0.001' : `p = ${p.toFixed(3)}`);

/** The figures as tables, for the terminal and the report alike. */
export function resultTables({ tasks, choosing, refining }: QuickstartResults): readonly Table[] {
  const { before, after, transfer, multiStep, outOfDomain, solving } = choosing;
  const measured = [
    ['test problems', before, after],
    ["a stronger model's candidates", transfer.before, transfer.after],
    ['problems of several steps', multiStep.before, multiStep.after],
    ['a family it never judged', outOfDomain.before, outOfDomain.after],
  ] as const;
  return [
    {
      title: 'Choosing one of four candidates: share of right choices',
      head: [
        'on',
        'tasks',
        'random',
        'majority',
        'vote at each place',
        'before',
        'after',
        'after, voted',
        'pass@N',
        'headroom closed',
        'after against majority',
      ],
      rows: measured.map(([name, then, now]) => [
        ...[name, String(now.tasks), percent(now.random), percent(majorityOf(now)), percent(now.tokenwise)],
        ...[percent(then.greedy), percent(now.greedy), percent(now.voted), percent(now.passAtN)],
        ...[percent(headroomClosed(now)), chance(now.against.majority.greedy.pValue)],
      ]),
    },
    {
      title: 'The same by family of problems',
      head: ['family', 'tasks', 'majority', 'before', 'after', 'pass@N'],
      rows: byFamily(tasks, before, after).map((one) => [
        ...[one.family, String(one.n_tasks), percent(one.majority), percent(one.before), percent(one.after)],
        percent(one.pass_at_n),
      ]),
    },
    {
      title: 'Refining: a new solution written from the candidates',
      head: [
        ...['candidates', 'tasks', 'majority', 'before', 'after', 'Refinement Gap before', 'after', '95 % interval'],
        ...['right where all candidates are wrong', 'greedy before', 'greedy after'],
      ],
      rows: refining.after.drawn.map((now, i) => {
        const then = refining.before.drawn[i];
        return [
          ...[String(now.k), String(now.tasks), percent(now.majority), percent(then?.refined), percent(now.refined)],
          ...[points(then?.gap.value ?? 0), points(now.gap.value), `${points(now.gap.low)} to ${points(now.gap.high)}`],
          `${now.allWrong.recovered} of ${now.allWrong.tasks} (${percent(recovered(now))})`,
          ...[percent(refining.before.greedy[i]?.refined), percent(refining.after.greedy[i]?.refined)],
        ];
      }),
    },
    {
      title: 'Solving without candidates, greedily',
      head: ['model', 'share solved'],
      rows: [
        ['before', percent(solving.before)],
        ['after learning to choose', percent(solving.after)],
        ['after learning to refine', percent(refining.after.solving)],
      ],
    },
  ];
}

const points = (share: number): string => `${share >= 0 ? '+' : ''}${(100 * share).toFixed(1)}`;

/** What the report page shows. */
export function quickstartPage(results: QuickstartResults): TrainingReport {
  const { plan, choosing, refining } = results;
  const chosen = selectReport(choosing.run, '');
  const curves: readonly Curve[] = [
    ...chosen.curves,
    ...refineReport(refining.run, '').curves.map((curve) => ({ ...curve, title: `Refining: ${curve.title}` })),
  ];
  return {
    title: 'A small model learns to choose, and to refine',
    facts: [
      ['seed', String(plan.seed)],
      ['training problems', `${plan.problems}, ${plan.draws} candidates each`],
      ['fresh test problems', String(results.tasks.test.problems.length)],
      ['updates by reinforcement', `${choosing.run.steps}, best after ${choosing.run.best.step}`],
      ['updates of the refiner', `${refining.run.steps}, best after ${refining.run.best.step}`],
    ],
    tables: resultTables(results),
    curves,
    texts: [{ title: 'How it chooses', text: choosing.transcripts.map(transcriptText).join('\n\n') }],
    notes: [
      'Majority shares ties. "Vote at each place" takes the most frequent digit at each place of the answers: what a selector could do that copies and does not check.',
      'Refinements are drawn at temperature 1, as the candidates were. Greedy ones favour a model that copies: copying the most likely digit of all candidates is a vote at each place.',
      'The test problems were in no training task and did not pick the best state; each counts, whether or not any of its candidates is right.',
      ...chosen.notes,
    ],
  };
}

/** One choice, with its candidates: right ones are marked. */
export function transcriptText({ task, before, after }: Transcript): string {
  const rows = task.candidates.map(
    ({ text }, i) => `  ${'ABCDEFGHIJ'[i]} ${text}${task.correct[i] === true ? '   right' : ''}`,
  );
  return [task.problem, ...rows, `  before: ${before}`, `  after:  ${after}`].join('\n');
}
