export { type Checkpoint, readCheckpoint } from './checkpoint/checkpoint.ts';
export { type NewCheckpoint, newCheckpoint } from './checkpoint/new-checkpoint.ts';
export {
  AUTO_PARAMETERS,
  type Compute,
  type ComputeOptions,
  type DeviceChoice,
  isWorthTaking,
  openCompute,
} from './compute.ts';
export { type Cores, type CoresOptions, createCores } from './cores/cores.ts';
export { createEmbeddedModel, type EmbeddedModel } from './embedded-model.ts';
export { createEmbeddedTrainer, type EmbeddedTrainer, type EmbeddedTrainerOptions } from './embedded-trainer.ts';
export { embedded, openCheckpoint, openTokenizer } from './open.ts';
export { type EngineServer, type EngineServerOptions, startEngineServer } from './server/server.ts';
export { type ModelConfig, parameterCount } from './transformer/config.ts';
export { findGpu, type GpuSearch } from './webgpu/find-gpu.ts';
