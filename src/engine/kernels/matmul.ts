/**
 * Matrix products. A tile of C stays in registers while the sum runs over k, one fused multiply-add a lane and step, in the
 * order k = 0, 1, 2 ... for every element. An element's value therefore does not depend on its place in the matrix or on how
 * many other rows there are: a sequence gives the same bits alone and in a batch.
 */
import {
  advance,
  type Code,
  type FunctionWriter,
  f32x4,
  i32,
  type Local,
  type WasmFunction,
  wasmFunction,
  whileLoop,
} from './assembler.ts';

/**
 * Twelve sums, two vectors of B and one of A are all that stays in sixteen vector registers: tiles of six rows and two vectors,
 * or of four where the compiler joins neighbouring vectors of four lanes into one of eight.
 */
export type TileVectors = 2 | 4;
/** Heights of tiles; what is left below one goes to the next. */
const TILE_ROWS = [6, 4, 2, 1] as const;
const UNROLLED = 2;

/** How the left matrix lies in memory: its rows in order (A), or as the transpose (Aᵀ stored, k varies slowest). */
type LeftLayout = 'rows' | 'columns';

interface Product {
  readonly c: Local;
  readonly a: Local;
  readonly b: Local;
  readonly m: Local;
  readonly n: Local;
  readonly k: Local;
  readonly strideA: Local;
  readonly strideB: Local;
  readonly strideC: Local;
}

const PARAMETERS = {
  c: 'i32',
  a: 'i32',
  b: 'i32',
  m: 'i32',
  n: 'i32',
  k: 'i32',
  strideA: 'i32',
  strideB: 'i32',
  strideC: 'i32',
} as const;

/** The sum over k of one tile: rows x (4 * vectors) elements of C, added to what C holds when `accumulate`. */
function tile(p: Product, w: Tiles, layout: LeftLayout, rows: number, vectors: number, accumulate: boolean): Code {
  const rowOf = (r: number): Local => w.rowPointers[r] ?? w.aPointer;
  const sum = (r: number, v: number): Local => w.sums[r]?.[v] ?? w.splat;
  const each = (make: (r: number, v: number) => Code): Code =>
    Array.from({ length: rows }, (_, r) => Array.from({ length: vectors }, (_, v) => make(r, v))).flat(2);
  const cRows = Array.from({ length: rows }, (_, r) =>
    r === 0
      ? (w.rowPointers[0]?.set(w.cPointer.get) ?? [])
      : (w.rowPointers[r]?.set(i32.add(rowOf(r - 1).get, p.strideC.get)) ?? []),
  ).flat();
  const aRows = (): Code =>
    Array.from({ length: rows }, (_, r) =>
      r === 0 ? rowOf(0).set(w.aPointer.get) : rowOf(r).set(i32.add(rowOf(r - 1).get, p.strideA.get)),
    ).flat();

  const step = (u: number): Code => [
    ...w.right.slice(0, vectors).flatMap((b, v) => b.set(f32x4.load(w.bPointer.get, 16 * v))),
    ...Array.from({ length: rows }, (_, r) => [
      ...w.splat.set(layout === 'rows' ? f32x4.loadSplat(rowOf(r).get, 4 * u) : f32x4.loadSplat(rowOf(0).get, 4 * r)),
      ...w.right.slice(0, vectors).flatMap((b, v) => sum(r, v).set(f32x4.madd(w.splat.get, b.get, sum(r, v).get))),
    ]).flat(),
    ...advance(w.bPointer, p.strideB.get),
    ...(layout === 'columns' ? advance(rowOf(0), p.strideA.get) : []),
  ];
  const steps = (count: number): Code => [
    ...Array.from({ length: count }, (_, u) => step(u)).flat(),
    ...(layout === 'rows' ? Array.from({ length: rows }, (_, r) => advance(rowOf(r), 4 * count)).flat() : []),
    ...w.left.set(i32.sub(w.left.get, i32.const(count))),
  ];
  return [
    ...cRows,
    ...each((r, v) => sum(r, v).set(accumulate ? f32x4.load(rowOf(r).get, 16 * v) : w.zero.get)),
    ...(layout === 'rows' ? aRows() : rowOf(0).set(w.aPointer.get)),
    ...w.bPointer.set(w.bColumn.get),
    ...w.left.set(p.k.get),
    ...whileLoop(i32.greaterThan(w.left.get, i32.const(UNROLLED - 1)), steps(UNROLLED)),
    ...whileLoop(w.left.get, steps(1)),
    ...cRows,
    ...each((r, v) => f32x4.store(rowOf(r).get, sum(r, v).get, 16 * v)),
  ];
}

/** The variables all tiles of one function share. */
interface Tiles {
  readonly sums: readonly (readonly Local[])[];
  readonly right: readonly Local[];
  readonly rowPointers: readonly Local[];
  readonly splat: Local;
  /** One variable for all lanes: neighbours that begin with the same value can be joined. */
  readonly zero: Local;
  readonly aPointer: Local;
  readonly bPointer: Local;
  readonly bColumn: Local;
  readonly cPointer: Local;
  readonly left: Local;
}

function tileVariables({ local }: FunctionWriter, vectors: TileVectors): Tiles {
  const several = (count: number, type: 'i32' | 'v128'): Local[] => Array.from({ length: count }, () => local(type));
  return {
    sums: Array.from({ length: TILE_ROWS[0] }, () => several(vectors, 'v128')),
    right: several(vectors, 'v128'),
    rowPointers: several(TILE_ROWS[0], 'i32'),
    splat: local('v128'),
    zero: local('v128'),
    aPointer: local('i32'),
    bPointer: local('i32'),
    bColumn: local('i32'),
    cPointer: local('i32'),
    left: local('i32'),
  };
}

/** c[m, n] = (c +) a[m, k] b[k, n]. Strides are in bytes; n is a multiple of 4. */
function product(name: string, layout: LeftLayout, accumulate: boolean, widest: TileVectors): WasmFunction {
  const widths = widest === 4 ? [4, 2, 1] : [2, 1];
  return wasmFunction(name, PARAMETERS, (p, writer) => {
    const w = tileVariables(writer, widest);
    const [row, column, cRow, aRow] = [
      writer.local('i32'),
      writer.local('i32'),
      writer.local('i32'),
      writer.local('i32'),
    ];
    const rowBytes = (rows: number): Code =>
      layout === 'rows' ? i32.mul(p.strideA.get, i32.const(rows)) : i32.const(4 * rows);
    const columns = (rows: number, vectors: number): Code =>
      whileLoop(
        i32.greaterThan(column.get, i32.const(4 * vectors - 1)),
        tile(p, w, layout, rows, vectors, accumulate),
        column.set(i32.sub(column.get, i32.const(4 * vectors))),
        advance(w.cPointer, 16 * vectors),
        advance(w.bColumn, 16 * vectors),
      );
    const rowsOf = (rows: number): Code =>
      whileLoop(
        i32.greaterThan(row.get, i32.const(rows - 1)),
        w.aPointer.set(aRow.get),
        w.cPointer.set(cRow.get),
        w.bColumn.set(p.b.get),
        column.set(p.n.get),
        ...widths.map((vectors) => columns(rows, vectors)),
        row.set(i32.sub(row.get, i32.const(rows))),
        advance(aRow, rowBytes(rows)),
        advance(cRow, i32.mul(p.strideC.get, i32.const(rows))),
      );
    return [row.set(p.m.get), aRow.set(p.a.get), cRow.set(p.c.get), ...TILE_ROWS.map(rowsOf)];
  });
}

/** The four products in tiles of the given width. The width changes no bit of a result. */
export const matmulFunctions = (vectors: TileVectors): readonly WasmFunction[] => [
  product('matmul', 'rows', false, vectors),
  product('matmulAdd', 'rows', true, vectors),
  product('matmulLeftTransposed', 'columns', false, vectors),
  product('matmulLeftTransposedAdd', 'columns', true, vectors),
];
