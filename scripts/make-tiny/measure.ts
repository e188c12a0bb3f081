/**
 * What checkpoints can do on held-out problems: solving by sampling (pass@1, majority and pass@n over the same draws) and
 * greedily, by family; judging and pointing as a share of right replies, and letters by the place that decides. Prints one JSON document.
 *
 *   node scripts/make-tiny/measure.ts [--problems 300] [--n 8] [--temperature 0.8] [--seed measure] [--threads 2] FOLDER...
 */
import { parseArgs } from 'node:util';
import { makeRng, type Rng, seedFor } from '../../src/core/index.ts';
import { createCores, createEmbeddedTrainer, type EmbeddedModel, readCheckpoint } from '../../src/engine/index.ts';
import {
  answerOf,
  drawProblem,
  FAMILIES,
  type Family,
  type FamilyProblem,
  gradeExample,
  PLACES,
  pointExample,
  readGrade,
  readSelection,
  type SkillExample,
  selectExample,
  selectPrompt,
  solves,
  TRAINING_FAMILIES,
} from '../../src/synthesize/families/index.ts';

export interface MeasureSettings {
  /** Problems of each family. */
  readonly problems: number;
  /** Draws for each problem. */
  readonly n: number;
  readonly temperature: number;
  readonly seed: string;
}

/** Shares between 0 and 1 over the same problems and draws. */
export interface FamilyScore {
  readonly family: string;
  readonly passAt1: number;
  readonly majority: number;
  readonly passAtN: number;
  readonly greedy: number;
}

/** Problems under way at the same time. */
const AT_ONCE = 128;
const LONGEST_REPLY = 24;
const ELEMENT_WISE = TRAINING_FAMILIES.filter(({ name }) => name !== 'chain');

/** Solves held-out problems of one family. */
export async function measureFamily(
  model: EmbeddedModel,
  family: Family,
  { problems, n, temperature, seed }: MeasureSettings,
): Promise<FamilyScore> {
  const rng = makeRng(seed).split(family.name);
  const drawn = Array.from({ length: problems }, (_, i) => drawProblem([family], 'held-out', rng.split(i)));
  const scores = await inParts(drawn, async (problem) => {
    const [texts, greedy] = await Promise.all([
      replies(model, problem.question, { n, temperature, seed: seedFor(seed, problem.question) }),
      replies(model, problem.question, { n: 1, temperature: 0, seed: 0 }),
    ]);
    const right = texts.filter((text) => solves(problem, text)).length;
    return {
      passAt1: right / n,
      majority: majorityShare(problem, texts),
      passAtN: Number(right > 0),
      greedy: Number(solves(problem, greedy[0] ?? '')),
    };
  });
  const { passAt1, majority, passAtN, greedy } = meanOf(scores);
  return { family: family.name, passAt1, majority, passAtN, greedy };
}

/** The mean over families with equally many problems each. */
export function mixed(scores: readonly FamilyScore[]): FamilyScore {
  return { family: scores.map(({ family }) => family).join('+'), ...meanOf(scores) };
}

type Shares = Omit<FamilyScore, 'family'>;

function meanOf(scores: readonly Shares[]): Shares {
  const mean = (pick: (score: Shares) => number): number =>
    scores.reduce((total, score) => total + pick(score), 0) / scores.length;
  return {
    passAt1: mean((score) => score.passAt1),
    majority: mean((score) => score.majority),
    passAtN: mean((score) => score.passAtN),
    greedy: mean((score) => score.greedy),
  };
}

/** Whether the most frequent answer is right; a tie counts as the share of tied answers that are. */
function majorityShare(problem: FamilyProblem, texts: readonly string[]): number {
  const votes = new Map<string, number>();
  for (const answer of texts.map(answerOf)) if (answer !== undefined) votes.set(answer, (votes.get(answer) ?? 0) + 1);
  const most = Math.max(0, ...votes.values());
  const leaders = [...votes].filter(([, count]) => count === most).map(([answer]) => answer);
  return leaders.length === 0 ? 0 : leaders.filter((answer) => answer === problem.answer).length / leaders.length;
}

interface Draw {
  readonly n: number;
  readonly temperature: number;
  readonly seed: number;
}

async function replies(model: EmbeddedModel, content: string, draw: Draw): Promise<readonly string[]> {
  const request = { messages: [{ role: 'user' as const, content }], maxTokens: LONGEST_REPLY, ...draw };
  return (await model.generate(request)).samples.map(({ text }) => text);
}

async function inParts<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let from = 0; from < items.length; from += AT_ONCE) {
    results.push(...(await Promise.all(items.slice(from, from + AT_ONCE).map(work))));
  }
  return results;
}

/**
 * The share of greedy replies that are right: to grade; to point at what was quoted among other problems' solutions, and among
 * this one's attempts. `formed` is the share of the last that can be read at all.
 */
export async function measureSkills(model: EmbeddedModel, count: number): Promise<Readonly<Record<string, number>>> {
  const share = async (make: typeof gradeExample, right: (example: SkillExample, reply: string) => boolean) => {
    const rng = makeRng('measure-skills').split(make.name);
    const examples = Array.from({ length: count }, (_, i) => make(rng.split(i)));
    const found = await inParts(examples, async (example) => {
      const [reply = ''] = await replies(model, example.prompt, { n: 1, temperature: 0, seed: 0 });
      return right(example, reply);
    });
    return found.filter(Boolean).length / count;
  };
  return {
    grade: await share(gradeExample, ({ reply }, given) => readGrade(given) === readGrade(reply)),
    point: await share(pointExample, pointsAtQuote),
    select: await share(selectExample, pointsAtQuote),
    formed: await share(
      selectExample,
      ({ prompt }, reply) => readSelection(reply, prompt.split(';').length - 1) !== undefined,
    ),
  };
}

/**
 * For each place the share of letters that are right behind a restated candidate, where candidates differ in that place only, drawn at
 * temperature 1. Near chance (.25) at a place a selector learns nothing there: what its letter cannot tell apart earns nothing.
 */
export async function measureLetters(model: EmbeddedModel, count: number): Promise<readonly number[]> {
  const shares: number[] = [];
  for (let place = 0; place < PLACES; place++) {
    const rng = makeRng('measure-letters').split(place);
    const prompts = Array.from({ length: count }, (_, i) => alikeButFor(place, rng.split(i)));
    const found = await inParts(prompts, async (prompt) => {
      const [reply = ''] = await replies(model, prompt, { n: 1, temperature: 1, seed: seedFor('letters', prompt) });
      return letterOf(prompt, reply);
    });
    const restated = found.filter((one) => one !== undefined);
    shares.push(restated.filter(Boolean).length / restated.length);
  }
  return shares;
}

/** Four candidates that differ in one place. */
function alikeButFor(place: number, rng: Rng): string {
  const { question, worked } = drawProblem(ELEMENT_WISE, 'held-out', rng);
  const digits = rng.pick([...'0123456789'], 4);
  return selectPrompt(
    question,
    digits.map((digit) => `${worked.slice(0, place)}${digit}${worked.slice(place + 1)}`),
  );
}

/** Whether a reply in the select format names the candidate that it restates; undefined where it restates none. */
function letterOf(prompt: string, reply: string): boolean | undefined {
  const candidates = prompt.slice(0, -1).split(';').slice(1);
  const reading = readSelection(reply, candidates.length);
  const restates = candidates.some((candidate) => candidate.slice(1) === reading?.restated);
  return reading !== undefined && restates ? candidates[reading.index]?.slice(1) === reading.restated : undefined;
}

/** Whether a reply in the select format names the candidate that it restates. */
function pointsAtQuote({ prompt }: SkillExample, reply: string): boolean {
  return letterOf(prompt, reply) === true;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      problems: { type: 'string', default: '300' },
      n: { type: 'string', default: '8' },
      temperature: { type: 'string', default: '0.8' },
      seed: { type: 'string', default: 'measure' },
      threads: { type: 'string' },
    },
  });
  const { seed } = values;
  const settings = {
    seed,
    problems: Number(values.problems),
    n: Number(values.n),
    temperature: Number(values.temperature),
  };
  const cores = createCores(values.threads === undefined ? {} : { threads: Number(values.threads) });
  const results: unknown[] = [];
  for (const folder of positionals) {
    const trainer = await createEmbeddedTrainer(cores, await readCheckpoint(folder), { folder });
    const model = await trainer.publish();
    const families: FamilyScore[] = [];
    for (const family of FAMILIES) families.push(await measureFamily(model, family, settings));
    const trained = families.filter((_, i) => FAMILIES[i]?.learned === 'all');
    const skills = await measureSkills(model, settings.problems);
    const letters = await measureLetters(model, settings.problems);
    results.push({ folder, mixed: mixed(trained), families, skills, letters });
    await model.close();
    await trainer.close();
  }
  await cores.close();
  console.log(JSON.stringify({ settings, results }, null, 2));
}

if (import.meta.main) await main();
