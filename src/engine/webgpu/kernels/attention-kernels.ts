/**
 * Causal attention of packed rows with an online softmax (FlashAttention, 2205.14135): no matrix of weights is kept, only the
 * logarithm of each row's sum, from which the gradient computes them again. One workgroup of 64 threads takes one row and head;
 * it goes through 64 keys at a time, of which each thread scores one.
 *
 * What a row sees is four numbers in `spans`: the first row and the length of the beginning that it shares with others, the
 * first row of its own segment, and the row behind the last one that sees it. All rows that see a row follow it without a gap,
 * since sequences with a common beginning are packed right behind it; so the gradients of keys and values need no atomic sums.
 *
 * `stats` holds for each row and head the logarithm of the sum and, from `attendGradQuery` on, the product of mixed and dmixed.
 */
import { kernel, REDUCE } from '../kernel.ts';

/** Numbers of a row in `spans`. */
export const SPAN = 4;

/** `lanes` is a head's width in vectors of four floats: at most 64. No constant, or compilers unroll the loops over it. */
const PARAMS = { heads: 'u32', keyHeads: 'u32', lanes: 'u32', scale: 'f32' } as const;

/**
 * What the kernels share. For the weighted sums a thread adds up one vector of the head over every `parts`-th key of the tile;
 * `joined` adds up the parts.
 */
export const ATTENTION = `${REDUCE}
const LOWEST = -3.0e38;
var<workgroup> weights: array<f32, 64>;
var<workgroup> shares: array<vec4<f32>, 64>;
fn partsOf() -> u32 { return 64u / p.lanes; }
fn joined(lane: u32, share: vec4<f32>) -> vec4<f32> {
  workgroupBarrier();
  shares[lane] = share;
  workgroupBarrier();
  var sum = vec4<f32>();
  if (lane < p.lanes) {
    for (var part = 0u; part < partsOf(); part++) { sum += shares[part * p.lanes + lane]; }
  }
  return sum;
}`;

/** The loop over the keys of one query; `keyRow` and `count` come before it. Leaves `sum`, `total` and `largest`. */
export const ONLINE_SOFTMAX = `
  let parts = partsOf();
  let part = lane / p.lanes;
  var largest = LOWEST;
  var total = 0.0;
  var sum = vec4<f32>();
  for (var tile = 0u; tile < count; tile += 64u) {
    let j = tile + lane;
    var score = LOWEST;
    if (j < count) {
      let first = (keyRow(row, j) * p.keyHeads + keyHead) * p.lanes;
      var product = 0.0;
      for (var d = 0u; d < p.lanes; d++) { product += dot(query[at + d], key[first + d]); }
      score = product * p.scale;
    }
    let top = max(largest, largestOf(lane, score));
    let weight = select(0.0, exp(score - top), j < count);
    weights[lane] = weight;
    let fade = exp(largest - top);
    total = total * fade + sumOf(lane, weight);
    sum *= fade;
    if (part < parts) {
      for (var k = part; k < min(64u, count - tile); k += parts) {
        sum += weights[k] * value[(keyRow(row, tile + k) * p.keyHeads + keyHead) * p.lanes + lane % p.lanes];
      }
    }
    largest = top;
  }
  let result = joined(lane, sum) / total;
  if (lane < p.lanes) { mixed[at + lane] = result; }`;

const KEY_ROW = `
fn keyRow(row: u32, j: u32) -> u32 {
  let before = spans[${SPAN}u * row + 1u];
  return select(spans[${SPAN}u * row + 2u] + j - before, spans[${SPAN}u * row] + j, j < before);
}`;

const OPENING = `
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = group.x;`;

const OF_QUERY = `
  let head = group.y;
  let keyHead = head / (p.heads / p.keyHeads);
  let item = row * p.heads + head;
  let at = item * p.lanes;
  let count = spans[${SPAN}u * row + 1u] + row + 1u - spans[${SPAN}u * row + 2u];`;

const attendCode = `${ATTENTION}${KEY_ROW}${OPENING}${OF_QUERY}${ONLINE_SOFTMAX}
  if (lane == 0u) { stats[2u * item] = largest + log(total); }
}`;

const gradQueryCode = `${ATTENTION}${KEY_ROW}${OPENING}${OF_QUERY}
  var own = 0.0;
  if (lane < p.lanes) { own = dot(dmixed[at + lane], mixed[at + lane]); }
  let delta = sumOf(lane, own);
  if (lane == 0u) { stats[2u * item + 1u] = delta; }
  let logSum = stats[2u * item];
  let parts = partsOf();
  let part = lane / p.lanes;
  var sum = vec4<f32>();
  for (var tile = 0u; tile < count; tile += 64u) {
    let j = tile + lane;
    var slope = 0.0;
    if (j < count) {
      let first = (keyRow(row, j) * p.keyHeads + keyHead) * p.lanes;
      var score = 0.0;
      var dweight = 0.0;
      for (var d = 0u; d < p.lanes; d++) {
        score += dot(query[at + d], key[first + d]);
        dweight += dot(dmixed[at + d], value[first + d]);
      }
      slope = exp(score * p.scale - logSum) * (dweight - delta) * p.scale;
    }
    workgroupBarrier();
    weights[lane] = slope;
    workgroupBarrier();
    if (part < parts) {
      for (var k = part; k < min(64u, count - tile); k += parts) {
        sum += weights[k] * key[(keyRow(row, tile + k) * p.keyHeads + keyHead) * p.lanes + lane % p.lanes];
      }
    }
  }
  let result = joined(lane, sum);
  if (lane < p.lanes) { dquery[at + lane] = result; }
}`;

const gradKeyCode = `${ATTENTION}
var<workgroup> slopes: array<f32, 64>;
${OPENING}
  let keyHead = group.y;
  let at = (row * p.keyHeads + keyHead) * p.lanes;
  let end = spans[${SPAN}u * row + 3u];
  let queries = p.heads / p.keyHeads;
  let parts = partsOf();
  let part = lane / p.lanes;
  var sumKey = vec4<f32>();
  var sumValue = vec4<f32>();
  for (var head = keyHead * queries; head < (keyHead + 1u) * queries; head++) {
    for (var tile = row; tile < end; tile += 64u) {
      let i = tile + lane;
      var weight = 0.0;
      var slope = 0.0;
      if (i < end) {
        let item = i * p.heads + head;
        var score = 0.0;
        var dweight = 0.0;
        for (var d = 0u; d < p.lanes; d++) {
          score += dot(query[item * p.lanes + d], key[at + d]);
          dweight += dot(dmixed[item * p.lanes + d], value[at + d]);
        }
        weight = exp(score * p.scale - stats[2u * item]);
        slope = weight * (dweight - stats[2u * item + 1u]) * p.scale;
      }
      workgroupBarrier();
      weights[lane] = weight;
      slopes[lane] = slope;
      workgroupBarrier();
      if (part < parts) {
        for (var k = part; k < min(64u, end - tile); k += parts) {
          let first = ((tile + k) * p.heads + head) * p.lanes + lane % p.lanes;
          sumKey += slopes[k] * query[first];
          sumValue += weights[k] * dmixed[first];
        }
      }
    }
  }
  let resultKey = joined(lane, sumKey);
  let resultValue = joined(lane, sumValue);
  if (lane < p.lanes) {
    dkey[at + lane] = resultKey;
    dvalue[at + lane] = resultValue;
  }
}`;

const GIVEN = { query: 'in vec4', key: 'in vec4', value: 'in vec4' } as const;

/** Grid: rows, heads. */
export const attend = kernel({
  name: 'attend',
  buffers: { ...GIVEN, spans: 'in u32', mixed: 'out vec4', stats: 'out' },
  params: PARAMS,
  code: attendCode,
});

/** Grid: rows, heads. */
export const attendGradQuery = kernel({
  name: 'attendGradQuery',
  buffers: { ...GIVEN, dmixed: 'in vec4', mixed: 'in vec4', spans: 'in u32', dquery: 'out vec4', stats: 'out' },
  params: PARAMS,
  code: gradQueryCode,
});

/** Grid: rows, key heads. Runs after `attendGradQuery`. */
export const attendGradKey = kernel({
  name: 'attendGradKey',
  buffers: { ...GIVEN, dmixed: 'in vec4', spans: 'in u32', dkey: 'out vec4', dvalue: 'out vec4', stats: 'in' },
  params: PARAMS,
  code: gradKeyCode,
});
