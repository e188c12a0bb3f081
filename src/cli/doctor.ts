import { cpus, totalmem } from 'node:os';
import type { CommandContext, DefineCommand } from './command.ts';
import { addModelOptions, isServer, type ModelOptions, parseEndpoints } from './model-options.ts';

interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What to do when it is not ok. */
  readonly mend?: string;
}

export const define: DefineCommand = (command, start) => {
  addModelOptions(command)
    .addHelpText(
      'after',
      '\nExamples:\n  winnow doctor\n  winnow doctor --model http://localhost:8000/v1#my-model --json\n',
    )
    .action(async (options: ModelOptions) => {
      const context = start({ ...options });
      const checks = [
        nodeCheck(),
        machineCheck(),
        await gpuCheck(),
        ...(await sandboxChecks()),
        ...(await endpointChecks(options)),
      ];
      show(context, checks);
      if (checks.some(({ ok, name }) => !ok && name.startsWith('endpoint'))) context.exitWith(3);
    });
};

function show(context: CommandContext, checks: readonly Check[]): void {
  context.emit({ checks });
  const width = Math.max(...checks.map(({ name }) => name.length));
  for (const { name, ok, detail, mend } of checks) {
    context.print(`${ok ? 'ok ' : 'no '} ${name.padEnd(width)}  ${detail}`);
    if (!ok && mend !== undefined) context.print(`    ${' '.repeat(width)} ${mend}`);
  }
}

function nodeCheck(): Check {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const ok = major > 22 || (major === 22 && minor >= 18);
  return {
    name: 'node',
    ok,
    detail: `${process.versions.node} (22.18 or newer is needed)`,
    mend: 'Install a newer Node.js.',
  };
}

function machineCheck(): Check {
  const memory = (totalmem() / 2 ** 30).toFixed(0);
  return {
    name: 'machine',
    ok: true,
    detail: `${cpus().length} cores, ${memory} GiB, ${process.platform} ${process.arch}`,
  };
}

/** A GPU is never needed, so its absence is told and no more. */
async function gpuCheck(): Promise<Check> {
  const { AUTO_PARAMETERS, findGpu, isWorthTaking } = await import('../engine/index.ts');
  const search = await findGpu();
  const limit = `${AUTO_PARAMETERS / 1e6} million parameters`;
  if (!search.found) {
    return { name: 'gpu', ok: false, detail: `${search.reason}: --device auto is the processor`, mend: search.mend };
  }
  if (isWorthTaking(search)) {
    return { name: 'gpu', ok: true, detail: `${search.name}: --device auto takes it for models from ${limit} on` };
  }
  return {
    name: 'gpu',
    ok: false,
    detail: `${search.name} computes on the processor, slower than the engine does: --device auto does not take it`,
    mend: 'For a GPU that is in the machine, install its driver. --device webgpu takes this one, for trying.',
  };
}

async function sandboxChecks(): Promise<Check[]> {
  const { probeSandboxes } = await import('../verify/index.ts');
  const probes = await probeSandboxes();
  return probes.map(({ kind, available, chosen, detail, mend }) => ({
    name: `sandbox ${kind}`,
    ok: available,
    detail: chosen ? `${detail}; this is what --sandbox auto uses` : detail,
    ...(mend === undefined ? {} : { mend }),
  }));
}

async function endpointChecks(options: ModelOptions): Promise<Check[]> {
  const endpoints = parseEndpoints((options.model ?? []).filter(isServer), '--model');
  return Promise.all(endpoints.map(({ baseUrl, name }) => endpointCheck(baseUrl, name, options.apiKeyEnv)));
}

async function endpointCheck(baseUrl: string, model: string, apiKeyEnv: string): Promise<Check> {
  const name = `endpoint ${baseUrl}`;
  const key = process.env[apiKeyEnv];
  const mend = `Check that the server runs and that ${apiKeyEnv} holds its key where it needs one.`;
  try {
    const reply = await fetch(`${baseUrl}/models`, {
      signal: AbortSignal.timeout(10_000),
      headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
    });
    if (!reply.ok) return { name, ok: false, detail: `GET /models answered ${reply.status}`, mend };
    const served = servedNames(await reply.json());
    if (served.length === 0 || served.includes(model)) return { name, ok: true, detail: `serves ${model}` };
    return {
      name,
      ok: false,
      detail: `does not list "${model}"; it serves ${served.join(', ')}`,
      mend: 'Use one of those names.',
    };
  } catch (error) {
    return {
      name,
      ok: false,
      detail: `cannot be reached: ${error instanceof Error ? error.message : String(error)}`,
      mend,
    };
  }
}

function servedNames(body: unknown): string[] {
  if (typeof body !== 'object' || body === null || !('data' in body) || !Array.isArray(body.data)) return [];
  return body.data.flatMap((entry: unknown) =>
    typeof entry === 'object' && entry !== null && 'id' in entry ? [String(entry.id)] : [],
  );
}
