/**
 * The part of the WebGPU interface that is used. The package `webgpu` (Dawn for Node) is optional, so its types cannot be
 * imported; what each member does stands in https://www.w3.org/TR/webgpu/.
 */

export interface GpuApi {
  requestAdapter(options: { readonly powerPreference: 'high-performance' }): Promise<Adapter | null>;
}

export interface Adapter {
  readonly info: AdapterInfo;
  readonly limits: Limits;
  requestDevice(options: { readonly requiredLimits: Readonly<Record<string, number>> }): Promise<Device>;
}

export interface AdapterInfo {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  readonly isFallbackAdapter?: boolean;
}

export interface Limits {
  readonly maxBufferSize: number;
  readonly maxStorageBufferBindingSize: number;
  readonly maxComputeWorkgroupsPerDimension: number;
}

export interface Device {
  readonly queue: Queue;
  readonly lost: Promise<{ readonly reason: string | undefined; readonly message: string }>;
  onuncapturederror: ((event: { readonly error: GpuError }) => void) | null;
  createBuffer(description: { readonly size: number; readonly usage: number }): Buffer;
  createShaderModule(description: { readonly code: string; readonly label: string }): ShaderModule;
  createBindGroupLayout(description: { readonly entries: readonly LayoutEntry[] }): BindGroupLayout;
  createPipelineLayout(description: { readonly bindGroupLayouts: readonly BindGroupLayout[] }): PipelineLayout;
  createComputePipeline(description: {
    readonly layout: PipelineLayout;
    readonly compute: { readonly module: ShaderModule; readonly entryPoint: string };
  }): Pipeline;
  createBindGroup(description: {
    readonly layout: BindGroupLayout;
    readonly entries: readonly GroupEntry[];
  }): BindGroup;
  createCommandEncoder(): Encoder;
  pushErrorScope(filter: 'out-of-memory' | 'validation'): void;
  popErrorScope(): Promise<GpuError | null>;
  destroy(): void;
}

export interface GpuError {
  readonly message: string;
}

export interface Queue {
  writeBuffer(buffer: Buffer, offset: number, data: ArrayBufferView, dataOffset?: number, size?: number): void;
  submit(commands: readonly CommandBuffer[]): void;
}

/** A buffer of the device; only buffers made for it can be mapped. */
export interface Buffer {
  readonly size: number;
  mapAsync(mode: number, offset: number, size: number): Promise<void>;
  getMappedRange(offset: number, size: number): ArrayBuffer;
  unmap(): void;
  destroy(): void;
}

export interface LayoutEntry {
  readonly binding: number;
  readonly visibility: number;
  readonly buffer: {
    readonly type: 'uniform' | 'storage' | 'read-only-storage';
    readonly hasDynamicOffset?: boolean;
  };
}

export interface GroupEntry {
  readonly binding: number;
  readonly resource: { readonly buffer: Buffer; readonly size?: number };
}

export interface Encoder {
  beginComputePass(): ComputePass;
  copyBufferToBuffer(from: Buffer, fromOffset: number, to: Buffer, toOffset: number, size: number): void;
  clearBuffer(buffer: Buffer): void;
  finish(): CommandBuffer;
}

export interface ComputePass {
  setPipeline(pipeline: Pipeline): void;
  setBindGroup(index: number, group: BindGroup, dynamicOffsets: readonly number[]): void;
  dispatchWorkgroups(x: number, y: number, z: number): void;
  end(): void;
}

declare const handle: unique symbol;
interface Handle<Name extends string> {
  readonly [handle]: Name;
}
export type ShaderModule = Handle<'ShaderModule'>;
export type BindGroupLayout = Handle<'BindGroupLayout'>;
export type PipelineLayout = Handle<'PipelineLayout'>;
export type Pipeline = Handle<'Pipeline'>;
export type BindGroup = Handle<'BindGroup'>;
export type CommandBuffer = Handle<'CommandBuffer'>;

/** Bits of `usage`, `visibility` and the mode of a mapping. */
export const MAP_READ = 0x1;
export const COPY_SOURCE = 0x4;
export const COPY_TARGET = 0x8;
export const UNIFORM = 0x40;
export const STORAGE = 0x80;
export const COMPUTE_STAGE = 0x4;
