/** AdamW with decoupled decay (Loshchilov and Hutter, 1711.05101), its clip scale found on the device. */
import { EACH_ELEMENT, kernel, REDUCE } from '../kernel.ts';

/** Threads that add up one parameter's squares, and so the places it takes in `sums`. */
export const NORM_LANES = 64;

/** sums[place ...] = the squares of one gradient, in 64 parts; a workgroup for each part. */
export const sumSquares = kernel({
  name: 'sumSquares',
  buffers: { gradient: 'in', sums: 'out' },
  params: { count: 'u32', place: 'u32' },
  code: `${REDUCE}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  for (var i = group.x * 64u + lane; i < p.count; i += ${NORM_LANES * 64}u) { sum += gradient[i] * gradient[i]; }
  let total = sumOf(lane, sum);
  if (lane == 0u) { sums[p.place + group.x] = total; }
}`,
});

/** norm[0] = the square root of the sum of `sums`; one workgroup. */
export const joinNorm = kernel({
  name: 'joinNorm',
  buffers: { sums: 'in', norm: 'out' },
  params: { count: 'u32' },
  code: `${REDUCE}
@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  for (var i = lane; i < p.count; i += 64u) { sum += sums[i]; }
  let total = sumOf(lane, sum);
  if (lane == 0u) { norm[0] = sqrt(total); }
}`,
});

/**
 * One parameter's update with the gradient scaled down to `clipNorm` (0: no limit); clears the gradient. When the norm is no
 * finite number nothing else changes: shaders may assume that numbers are finite, so its bits are looked at.
 */
export const adamw = kernel({
  name: 'adamw',
  buffers: { norm: 'in', gradient: 'out', weights: 'out', means: 'out', squares: 'out' },
  params: {
    count: 'u32',
    clipNorm: 'f32',
    beta1: 'f32',
    beta2: 'f32',
    // 1 - beta, which in f32 would lose digits.
    rest1: 'f32',
    rest2: 'f32',
    stepSize: 'f32',
    squareScale: 'f32',
    epsilon: 'f32',
    keep: 'f32',
  },
  code: `${EACH_ELEMENT}
  if (i >= p.count) { return; }
  var scale = 1.0;
  if (p.clipNorm > 0.0 && norm[0] > p.clipNorm) { scale = p.clipNorm / norm[0]; }
  let g = gradient[i] * scale;
  gradient[i] = 0.0;
  if ((bitcast<u32>(norm[0]) & 0x7f800000u) == 0x7f800000u) { return; }
  let mean = p.beta1 * means[i] + p.rest1 * g;
  let square = p.beta2 * squares[i] + p.rest2 * g * g;
  means[i] = mean;
  squares[i] = square;
  weights[i] = weights[i] * p.keep - p.stepSize * mean / (sqrt(square * p.squareScale) + p.epsilon);
}`,
});
