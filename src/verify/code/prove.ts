import { WinnowError } from '../../core/index.ts';
import type { StartWorker } from './pool.ts';
import { type Job, type Language, type RunResult, readAnswer } from './sandbox.ts';

const TESTS = {
  python: {
    program: 'def f(g, x): return g(x)',
    tests: ['assert f(lambda x: [x], 4) == [4]', 'assert f(len, "ab") == 3'],
  },
  javascript: {
    program: 'const f = (g, x) => g(x)',
    tests: ['assert.strictEqual(f((x) => x + 1, 4), 5)', 'assert(f((x) => x, 1) === 2)'],
  },
};
const CALLS = { python: 'def f(x): return [x]', javascript: 'const f = (x) => [x]' };
const SCRIPTS = { python: 'print(input())', javascript: 'console.log(readline())' };

/** One program of each kind, with what must come out of it, in a line of text. */
function proofs(language: Language, timeLimitMs: number): readonly (readonly [Job, string])[] {
  return [
    [{ kind: 'tests', ...TESTS[language], timeLimitMs }, 'passed: passed, failed'],
    [{ kind: 'call', program: CALLS[language], name: 'f', arguments: ['7'], timeLimitMs }, 'passed: [7]'],
    [{ kind: 'script', program: SCRIPTS[language], stdin: '7\n', timeLimitMs }, 'passed: 7'],
  ];
}

function show({ outcome, records, value, stdout, detail }: RunResult): string {
  const what = outcome === 'passed' ? (records?.map((record) => record.outcome).join(', ') ?? value ?? stdout) : detail;
  return `${outcome}: ${what?.trim().replaceAll(' ', outcome === 'passed' && records === undefined ? '' : ' ')}`;
}

/**
 * Starts workers that have judged known programs as they should, so that what is broken or does not fit together (half
 * an upgrade, a damaged file) is an infrastructure error and no program's fault. Throws `internal` for one that fails.
 */
export function provenWorkers(start: StartWorker, language: Language, slowness: number): StartWorker {
  const jobs = proofs(language, 5000 * slowness);
  return async function startProven(slot) {
    const worker = await start(slot);
    try {
      for (const [job, expected] of jobs) {
        const said = show(readAnswer(await worker.run(job), job));
        if (said !== expected)
          throw new WinnowError(
            'internal',
            `the sandbox judged a known program as "${said}" in place of "${expected}"`,
            {
              hint: 'install winnow again',
            },
          );
      }
      return worker;
    } catch (error) {
      await worker.close();
      throw error;
    }
  };
}
