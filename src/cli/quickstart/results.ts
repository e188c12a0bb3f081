import type { MeasuredSelector, RefinementScores } from '../../train/index.ts';
import type { ChoosingResult } from './choosing.ts';
import { CANDIDATES, type Plan } from './plan.ts';
import type { RefiningResult } from './refining.ts';
import type { Tasks } from './tasks.ts';

export interface QuickstartResults {
  readonly plan: Plan;
  readonly tasks: Tasks;
  readonly choosing: ChoosingResult;
  readonly refining: RefiningResult;
}

/** The document of `quickstart --json`: shares over the same fresh problems, and exact paired p-values. */
export function quickstartDocument({ plan, tasks, choosing, refining }: QuickstartResults, report: string) {
  const { before, after, transfer, multiStep, outOfDomain, solving } = choosing;
  return {
    seed: plan.seed,
    minutes: plan.minutes,
    selector: {
      n_tasks: after.tasks,
      random: after.random,
      majority: majorityOf(after),
      tokenwise: after.tokenwise ?? null,
      pass_at_n: after.passAtN,
      before: { sampled: before.sampled, greedy: before.greedy, voted: before.voted },
      after: { sampled: after.sampled, greedy: after.greedy, voted: after.voted },
      headroom_closed: headroomClosed(after),
      p_value: after.against.majority.greedy.pValue,
      p_values: {
        majority: { greedy: after.against.majority.greedy.pValue, voted: after.against.majority.voted.pValue },
        tokenwise: { greedy: after.against.tokenwise.greedy.pValue, voted: after.against.tokenwise.voted.pValue },
      },
      by_family: Object.fromEntries(byFamily(tasks, before, after).map(({ family, ...shares }) => [family, shares])),
      solving: { before: solving.before, after: solving.after },
      steps: choosing.run.best.step,
    },
    transfer: beside(transfer.before, transfer.after),
    multi_step: beside(multiStep.before, multiStep.after),
    out_of_domain: beside(outOfDomain.before, outOfDomain.after),
    refiner: {
      gap_before: refinedFrom(refining.before.drawn).gap,
      gap_after: refinedFrom(refining.after.drawn).gap,
      recovered_all_wrong: recovered(refinedFrom(refining.after.drawn)),
      by_candidates: refining.after.drawn.map(({ k, refined, majority, gap, allWrong }, i) => ({
        ...{ k, refined, majority, gap, all_wrong: allWrong, gap_before: refining.before.drawn[i]?.gap },
        greedy: { gap_before: refining.before.greedy[i]?.gap, gap_after: refining.after.greedy[i]?.gap },
      })),
      solving: { before: refining.before.solving, after: refining.after.solving },
    },
    report,
  };
}

function beside(before: MeasuredSelector, after: MeasuredSelector) {
  const { tasks, greedy, voted, passAtN } = after;
  return {
    n_tasks: tasks,
    majority: majorityOf(after),
    tokenwise: after.tokenwise ?? null,
    pass_at_n: passAtN,
    before: before.greedy,
    after: greedy,
    voted,
    headroom_closed: headroomClosed(after),
    p_value: after.against.majority.greedy.pValue,
  };
}

export const majorityOf = ({ majorityByTask }: MeasuredSelector): number => meanOf(majorityByTask);

/** (greedy - majority) / (pass@N - majority); null where majority leaves nothing to gain. */
export function headroomClosed(measured: MeasuredSelector): number | null {
  const majority = majorityOf(measured);
  return measured.passAtN > majority ? (measured.greedy - majority) / (measured.passAtN - majority) : null;
}

/** The measurement with as many candidates as selection shows. */
export function refinedFrom(scores: readonly RefinementScores[]): RefinementScores {
  const found = scores.find(({ k }) => k === CANDIDATES) ?? scores[0];
  if (found === undefined) throw new RangeError('Nothing was refined.');
  return found;
}

/** Share of the tasks without a right candidate whose refinement is right; null where there is no such task. */
export const recovered = ({ allWrong }: RefinementScores): number | null =>
  allWrong.tasks === 0 ? null : allWrong.recovered / allWrong.tasks;

export interface FamilyShares {
  readonly family: string;
  readonly n_tasks: number;
  readonly majority: number;
  readonly pass_at_n: number;
  readonly before: number;
  readonly after: number;
}

/** The test tasks family by family, told apart by the source of their problems. */
export function byFamily({ test }: Tasks, before: MeasuredSelector, after: MeasuredSelector): readonly FamilyShares[] {
  const familyOf = new Map(test.problems.map(({ question, source = '' }) => [question.id, source]));
  const families = [...new Set(familyOf.values())].sort();
  return families.map((family) => {
    const places = test.select.flatMap((task, i) => (familyOf.get(task.problem_id) === family ? [i] : []));
    const share = (values: Float64Array): number =>
      places.reduce((sum, i) => sum + (values[i] ?? 0), 0) / places.length;
    const solvable = places.filter((i) => test.select[i]?.correct.includes(true) === true).length;
    return {
      ...{ family, n_tasks: places.length, majority: share(after.majorityByTask), pass_at_n: solvable / places.length },
      ...{ before: share(before.greedyByTask), after: share(after.greedyByTask) },
    };
  });
}

const meanOf = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
