/**
 * The process that holds two Pyodides, one for the judge and one for the candidate. It is started with no environment
 * and Node's permission model, reads its program from descriptor 3, and answers one job at a time there.
 */
import { setFlagsFromString } from 'node:v8';
import vm from 'node:vm';
import { readFrame, say, writeFrame } from './process-line.ts';

const WIRE = 3;
const JOB = 4;
/** Memory that a candidate's instance may keep; one that grew further is made anew. */
const KEEP_BYTES = 128 * 1024 * 1024;

interface Start {
  readonly heap: Uint8Array;
  readonly steps: Readonly<Record<string, number>>;
}

/** What glue.js offers. */
interface Glue {
  build(files: object): Promise<Start>;
  make(files: object, start: Start, exchange: Exchange): Promise<void>;
  feed(stdin: Uint8Array, outputLimit: number): void;
  reset(): void;
  clearLine(line: number): void;
  step(name: string, line: number, message: Uint8Array): { readonly how: string; readonly bytes: Uint8Array };
  output(): { readonly bytes: Uint8Array; readonly full: boolean };
  size(): number;
}

type Exchange = (line: number, message: Uint8Array) => Uint8Array | null;

const scripts = [readFrame(), readFrame(), readFrame()].map((text) => new vm.Script(text.toString()));
const [wasm, zip, sources] = [readFrame(), readFrame(), readFrame()];
const files = { wasm, zip, sources: JSON.parse(sources.toString()) as object };

function open(): Glue {
  const context = vm.createContext(Object.create(null), { codeGeneration: { strings: false, wasm: true } });
  for (const script of scripts) script.runInContext(context);
  return vm.runInContext('winnow', context) as Glue;
}

async function begin(): Promise<Start> {
  const kept = readFrame();
  const steps = readFrame();
  if (kept.length > 0) return { heap: kept, steps: JSON.parse(steps.toString()) as Start['steps'] };
  const built = await open().build(files);
  writeFrame(built.heap);
  say(built.steps);
  return built;
}

/** A function that the context can call and learn nothing from. */
function bare(exchange: Exchange): Exchange {
  return Object.freeze(Object.setPrototypeOf(exchange, null)) as Exchange;
}

/** A full garbage collection: the memory of an old instance, which V8 would keep for long. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  const gc = vm.runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  return gc;
}

const collect = collector();
const start = await begin();
let candidate: Glue;
let how = '';
/** The judge crashed while it served the candidate: what it says of this run counts for nothing. */
let judgeBroke = false;

async function makeCandidate(): Promise<void> {
  candidate = open();
  await candidate.make(
    files,
    start,
    bare((line, message) => (line === WIRE ? callJudge(message) : null)),
  );
  candidate.reset();
}

const judge = open();
await judge.make(
  files,
  start,
  bare((line, message) => (line === WIRE ? askCandidate(message) : control(message))),
);
await makeCandidate();

/** The candidate's reply; nothing once it has ended. */
function askCandidate(message: Uint8Array): Uint8Array | null {
  if (how !== '') return null;
  const reply = candidate.step('candidate', WIRE, message);
  how = reply.how;
  return reply.bytes.length > 0 ? reply.bytes : null;
}

function callJudge(message: Uint8Array): Uint8Array | null {
  if (judgeBroke) return null;
  const reply = judge.step('callback', WIRE, message);
  judgeBroke = reply.how !== '';
  return reply.bytes;
}

/** The judge's begin and end of a run. */
function control(message: Uint8Array): Uint8Array {
  const { op, stdin, output } = JSON.parse(Buffer.from(message).toString()) as {
    readonly op: string;
    readonly stdin?: string;
    readonly output?: number;
  };
  if (op === 'begin') {
    judge.clearLine(WIRE);
    candidate.feed(Buffer.from(stdin ?? ''), output ?? 0);
    [how, judgeBroke] = ['', false];
    return Buffer.from('{}');
  }
  const { bytes, full } = candidate.output();
  const stdout = Buffer.from(bytes).toString();
  return Buffer.from(JSON.stringify({ stdout, why: full ? 'output-limit' : '', how }));
}

/** As BROKE_JUDGE in sandbox.ts, which this process may not read. */
const CRASHED = { outcome: 'exception', detail: 'what the program sent crashed the judge' };

const readAnswer = ({ how: end, bytes }: ReturnType<Glue['step']>): object =>
  end === '' ? (JSON.parse(Buffer.from(bytes).toString()) as object) : { outcome: 'judge', detail: `the judge ${end}` };

// Functions, since V8 does not let go of what the loop below once had in hand.
const isSpoiled = (): boolean => how === 'crash' || candidate.size() > KEEP_BYTES;
const putBack = (): void => candidate.reset();

judge.reset();
say({ ready: true });
let last = '';
for (;;) {
  const job = readFrame();
  const { fresh } = JSON.parse(job.toString()) as { readonly fresh: string };
  if (fresh !== last) judge.reset();
  last = fresh;
  const begun = process.cpuUsage();
  const answer = judge.step('judge', JOB, job);
  const used = process.cpuUsage(begun);
  const crashed = judgeBroke || answer.how === 'crash';
  say({ ...(crashed ? CRASHED : readAnswer(answer)), ms: (used.user + used.system) / 1000 });
  if (crashed || answer.how !== '') judge.reset();
  if (isSpoiled()) await makeCandidate().then(collect);
  else putBack(); // for the next run, while nobody waits
}
