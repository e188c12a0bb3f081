/**
 * Kernels of a layer beside its products and its attention: normalisation, rotary positions, SwiGLU, and look-ups. The formulas
 * are those of `../../kernels/layer-kernels.ts`; a `...Grad` kernel takes the gradient of its forward's output.
 */
import { EACH_ELEMENT, EACH_ROW, kernel, REDUCE } from '../kernel.ts';

/** out = x r weight with r the reciprocal root mean square of the row, which is kept. */
export const rmsNorm = kernel({
  name: 'rmsNorm',
  buffers: { x: 'in', weight: 'in', out: 'out', scale: 'out' },
  params: { rows: 'u32', width: 'u32', epsilon: 'f32' },
  code: `${REDUCE}${EACH_ROW}
  if (row >= p.rows) { return; }
  let start = row * p.width;
  var squares = 0.0;
  for (var c = lane; c < p.width; c += 64u) { squares += x[start + c] * x[start + c]; }
  let r = 1.0 / sqrt(sumOf(lane, squares) / f32(p.width) + p.epsilon);
  for (var c = lane; c < p.width; c += 64u) { out[start + c] = x[start + c] * r * weight[c]; }
  if (lane == 0u) { scale[row] = r; }
}`,
});

/** dx = keep dx + r w g - x r^3 mean(g w x), where keep is 0 or 1. */
export const rmsNormGrad = kernel({
  name: 'rmsNormGrad',
  buffers: { grad: 'in', x: 'in', weight: 'in', scale: 'in', dx: 'out' },
  params: { rows: 'u32', width: 'u32', keep: 'u32' },
  code: `${REDUCE}${EACH_ROW}
  if (row >= p.rows) { return; }
  let start = row * p.width;
  let r = scale[row];
  var products = 0.0;
  for (var c = lane; c < p.width; c += 64u) { products += grad[start + c] * weight[c] * x[start + c]; }
  let slope = sumOf(lane, products) / f32(p.width) * r * r * r;
  for (var c = lane; c < p.width; c += 64u) {
    let before = select(0.0, dx[start + c], p.keep == 1u);
    dx[start + c] = before + r * weight[c] * grad[start + c] - x[start + c] * slope;
  }
}`,
});

/** Rows whose share of a norm's weight gradient one workgroup adds up. */
export const NORM_ROWS = 64;

/** sums[block] = the sum over a block of rows of grad x r: first half of the gradient of a norm's weight. */
export const normWeightSums = kernel({
  name: 'normWeightSums',
  buffers: { grad: 'in', x: 'in', scale: 'in', sums: 'out' },
  params: { rows: 'u32', width: 'u32' },
  code: `${EACH_ROW}
  let first = row * ${NORM_ROWS}u;
  if (first >= p.rows) { return; }
  let end = min(first + ${NORM_ROWS}u, p.rows);
  for (var c = lane; c < p.width; c += 64u) {
    var sum = 0.0;
    for (var i = first; i < end; i++) { sum += grad[i * p.width + c] * x[i * p.width + c] * scale[i]; }
    sums[row * p.width + c] = sum;
  }
}`,
});

/** dweight += the sum of all blocks: second half. One workgroup for each column. */
export const normWeightGrad = kernel({
  name: 'normWeightGrad',
  buffers: { sums: 'in', dweight: 'out' },
  params: { blocks: 'u32', width: 'u32' },
  code: `${REDUCE}${EACH_ROW}
  if (row >= p.width) { return; }
  var sum = 0.0;
  for (var block = lane; block < p.blocks; block += 64u) { sum += sums[block * p.width + row]; }
  let total = sumOf(lane, sum);
  if (lane == 0u) { dweight[row] += total; }
}`,
});

/**
 * Rotary positions in place, pairs (i, i + headDim / 2). A row's position, positions[row], is a row of
 * the tables [contextTokens, headDim / 2]. `direction` is 1, or -1 for the gradient (the rotation's transpose).
 */
export const rotate = kernel({
  name: 'rotate',
  buffers: { positions: 'in u32', cosines: 'in', sines: 'in', x: 'out' },
  params: { rows: 'u32', heads: 'u32', headDim: 'u32', direction: 'f32' },
  code: `${EACH_ELEMENT}
  let span = p.headDim / 2u;
  if (i >= p.rows * p.heads * span) { return; }
  let pair = i % span;
  let item = i / span;
  let angle = positions[item / p.heads] * span + pair;
  let c = cosines[angle];
  let s = sines[angle] * p.direction;
  let at = item * p.headDim + pair;
  let first = x[at];
  let second = x[at + span];
  x[at] = first * c - second * s;
  x[at + span] = second * c + first * s;
}`,
});

/** out = gate * sigmoid(gate) * up */
export const swiglu = kernel({
  name: 'swiglu',
  buffers: { gate: 'in', up: 'in', out: 'out' },
  params: { count: 'u32' },
  code: `${EACH_ELEMENT}
  if (i >= p.count) { return; }
  out[i] = gate[i] / (1.0 + exp(-gate[i])) * up[i];
}`,
});

/** dgate and dup of `swiglu`; both are written, not added to. */
export const swigluGrad = kernel({
  name: 'swigluGrad',
  buffers: { grad: 'in', gate: 'in', up: 'in', dgate: 'out', dup: 'out' },
  params: { count: 'u32' },
  code: `${EACH_ELEMENT}
  if (i >= p.count) { return; }
  let sigmoid = 1.0 / (1.0 + exp(-gate[i]));
  let silu = gate[i] * sigmoid;
  dup[i] = grad[i] * silu;
  dgate[i] = grad[i] * up[i] * (sigmoid + silu * (1.0 - sigmoid));
}`,
});

/** out[i] = table[ids[i]], rows of `width`. */
export const gather = kernel({
  name: 'gather',
  buffers: { table: 'in', ids: 'in u32', out: 'out' },
  params: { rows: 'u32', width: 'u32' },
  code: `${EACH_ELEMENT}
  if (i >= p.rows * p.width) { return; }
  out[i] = table[ids[i / p.width] * p.width + i % p.width];
}`,
});

/**
 * table[tokens[t]] += the sum of x over the rows order[starts[t]] to order[starts[t + 1]]: the gradient of `gather`. One
 * workgroup for each token that occurs, so that no two write to the same place and the sum has one order.
 */
export const scatterAdd = kernel({
  name: 'scatterAdd',
  buffers: { x: 'in', tokens: 'in u32', starts: 'in u32', order: 'in u32', table: 'out' },
  params: { tokens: 'u32', width: 'u32' },
  code: `${EACH_ROW}
  if (row >= p.tokens) { return; }
  for (var c = lane; c < p.width; c += 64u) {
    var sum = 0.0;
    for (var i = starts[row]; i < starts[row + 1u]; i++) { sum += x[order[i] * p.width + c]; }
    table[tokens[row] * p.width + c] += sum;
  }
}`,
});
