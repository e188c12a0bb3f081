/**
 * Drawing completions on the device. Keys and values lie in pages of `PAGE` tokens, in any order (PagedAttention, 2309.06180):
 * first a prompt's, which its completions share, then a completion's own, in new pages. A row's pages are named one after the
 * other in `table`; `rows` holds for each row `ROW` numbers: tokens in the prompt's cache, tokens in the completion's own, the
 * number of tokens for which that has room, and where the row's pages begin in the table.
 */
import { EACH_ELEMENT, EACH_ROW, kernel, REDUCE } from '../kernel.ts';
import { ATTENTION, ONLINE_SOFTMAX } from './attention-kernels.ts';

/** Tokens of a page. */
export const PAGE = 16;
/** Numbers of a row in `rows`. */
export const ROW = 4;

const SLOT = `
fn slotOf(row: u32, j: u32) -> u32 {
  let prompt = rows[${ROW}u * row];
  let first = rows[${ROW}u * row + 3u];
  let own = first + (prompt + ${PAGE - 1}u) / ${PAGE}u;
  let at = select(j - prompt, j, j < prompt);
  let page = table[select(own, first, j < prompt) + at / ${PAGE}u];
  return page * ${PAGE}u + at % ${PAGE}u;
}`;

/**
 * Where the token of a step goes: its slot in the cache, its position, and how many tokens it sees. A row that has ended within
 * the slice, and has no room any more, goes on in its last place, which nobody reads.
 */
export const openStep = kernel({
  name: 'openStep',
  buffers: { rows: 'in u32', table: 'in u32', slots: 'out u32', positions: 'out u32', counts: 'out u32' },
  params: { count: 'u32', step: 'u32', context: 'u32' },
  code: `${SLOT}${EACH_ELEMENT}
  if (i >= p.count) { return; }
  let own = min(rows[${ROW}u * i + 1u] + p.step, rows[${ROW}u * i + 2u] - 1u);
  let position = rows[${ROW}u * i] + own;
  slots[i] = slotOf(i, position);
  positions[i] = min(position, p.context - 1u);
  counts[i] = position + 1u;
}`,
});

/** Writes keys and values [., width] into the caches: that of row sources[i] into slot slots[i]. */
export const storeCached = kernel({
  name: 'storeCached',
  buffers: { key: 'in', value: 'in', sources: 'in u32', slots: 'in u32', keys: 'out', values: 'out' },
  params: { count: 'u32', width: 'u32' },
  code: `${EACH_ELEMENT}
  if (i >= p.count * p.width) { return; }
  let first = sources[i / p.width] * p.width + i % p.width;
  let to = slots[i / p.width] * p.width + i % p.width;
  keys[to] = key[first];
  values[to] = value[first];
}`,
});

/** Attention of one new token a row over its cache. Grid: rows, heads. */
export const attendCached = kernel({
  name: 'attendCached',
  buffers: {
    ...{ query: 'in vec4', key: 'in vec4', value: 'in vec4' },
    ...{ rows: 'in u32', table: 'in u32', counts: 'in u32', mixed: 'out vec4' },
  },
  params: { heads: 'u32', keyHeads: 'u32', lanes: 'u32', scale: 'f32' },
  code: `${ATTENTION}${SLOT}
fn keyRow(row: u32, j: u32) -> u32 { return slotOf(row, j); }
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = group.x;
  let head = group.y;
  let keyHead = head / (p.heads / p.keyHeads);
  let at = (row * p.heads + head) * p.lanes;
  let count = counts[row];
  ${ONLINE_SOFTMAX}
}`,
});

/**
 * Draws a token a row from its logits: that at which the running sum of exp(logit / temperature) passes `points` of its total,
 * as the processor does; at temperature 0 the most likely, the first of equals. The token goes to `tokens`, and with its
 * log-probability (at temperature 1) to `drawn`, pairs of floats, exact up to 2^24 tokens.
 */
export const draw = kernel({
  name: 'draw',
  buffers: { logits: 'in', temperatures: 'in', points: 'in', tokens: 'out u32', drawn: 'out' },
  params: { rows: 'u32', vocab: 'u32', stride: 'u32', step: 'u32' },
  code: `${REDUCE}
var<workgroup> shares: array<f32, 64>;
${EACH_ROW}
  if (row >= p.rows) { return; }
  let start = row * p.stride;
  var best = -3.0e38;
  var bestAt = p.vocab;
  for (var v = lane; v < p.vocab; v += 64u) {
    if (logits[start + v] > best) {
      best = logits[start + v];
      bestAt = v;
    }
  }
  let top = largestOf(lane, best);
  let first = u32(-largestOf(lane, select(-f32(p.vocab - 1u), -f32(bestAt), best == top && bestAt < p.vocab)));

  let temperature = temperatures[row];
  let sharpness = select(1.0, 1.0 / temperature, temperature > 0.0);
  let span = (p.vocab + 63u) / 64u;
  var sum = 0.0;
  var share = 0.0;
  for (var v = lane * span; v < min((lane + 1u) * span, p.vocab); v++) {
    let below = logits[start + v] - top;
    sum += exp(below);
    share += exp(below * sharpness);
  }
  let total = sumOf(lane, sum);
  let shareTotal = sumOf(lane, share);
  shares[lane] = share;
  workgroupBarrier();
  if (lane == 0u) {
    var token = first;
    if (temperature > 0.0) {
      var rest = points[p.step * p.rows + row] * shareTotal;
      var part = 0u;
      while (part < 63u && rest >= shares[part]) {
        rest -= shares[part];
        part++;
      }
      for (var v = part * span; v < min((part + 1u) * span, p.vocab); v++) {
        let weight = exp((logits[start + v] - top) * sharpness);
        if (weight == 0.0) { continue; }
        token = v;
        rest -= weight;
        if (rest < 0.0) { break; }
      }
    }
    tokens[row] = token;
    let at = 2u * (p.step * p.rows + row);
    drawn[at] = f32(token);
    drawn[at + 1u] = logits[start + token] - top - log(total);
  }
}`,
});
