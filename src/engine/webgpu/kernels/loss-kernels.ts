/** From logits to log-probabilities of targets, and the gradient of the logits. V is the vocabulary, padded to `stride`. */
import { EACH_ELEMENT, EACH_ROW, kernel, REDUCE } from '../kernel.ts';

/** logSums[row] = log(sum(exp(logits[row]))) over the vocabulary. */
export const logSums = kernel({
  name: 'logSums',
  buffers: { logits: 'in', logSums: 'out' },
  params: { rows: 'u32', vocab: 'u32', stride: 'u32' },
  code: `${REDUCE}${EACH_ROW}
  if (row >= p.rows) { return; }
  let start = row * p.stride;
  var largest = -3.0e38;
  for (var v = lane; v < p.vocab; v += 64u) { largest = max(largest, logits[start + v]); }
  let top = largestOf(lane, largest);
  var sum = 0.0;
  for (var v = lane; v < p.vocab; v += 64u) { sum += exp(logits[start + v] - top); }
  let total = sumOf(lane, sum);
  if (lane == 0u) { logSums[row] = top + log(total); }
}`,
});

/** logprobs[i] = log-probability of targets[i] at row rows[i]. */
export const pickTargets = kernel({
  name: 'pickTargets',
  buffers: { logits: 'in', logSums: 'in', rows: 'in u32', targets: 'in u32', logprobs: 'out' },
  params: { count: 'u32', stride: 'u32' },
  code: `${EACH_ELEMENT}
  if (i >= p.count) { return; }
  logprobs[i] = logits[rows[i] * p.stride + targets[i]] - logSums[rows[i]];
}`,
});

/**
 * logits = the loss's gradient by them, in place: the sum over the row's targets of slope (1[v = target] - p_v). A row that
 * several sequences share can have several targets: those from starts[row] to starts[row + 1].
 */
export const logitsGrad = kernel({
  name: 'logitsGrad',
  buffers: { logSums: 'in', starts: 'in u32', targets: 'in u32', slopes: 'in', logits: 'out' },
  params: { rows: 'u32', vocab: 'u32', stride: 'u32' },
  code: `${EACH_ROW}
  if (row >= p.rows) { return; }
  let start = row * p.stride;
  var total = 0.0;
  for (var i = starts[row]; i < starts[row + 1u]; i++) { total += slopes[i]; }
  let logSum = logSums[row];
  for (var v = lane; v < p.stride; v += 64u) {
    var grad = 0.0;
    if (v < p.vocab) {
      grad = -total * exp(logits[start + v] - logSum);
      for (var i = starts[row]; i < starts[row + 1u]; i++) { grad += select(0.0, slopes[i], targets[i] == v); }
    }
    logits[start + v] = grad;
  }
}`,
});
