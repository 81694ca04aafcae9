// In: a symmetric positive matrix (row-major) and a right side. Out: the solution, by Cholesky's method.

/** Room for the factor, kept between calls: thousands of small systems a look would keep the garbage collector busy. */
let room = new Float64Array(64);

/** Solves A x = b for the n x n matrix `a` (only its lower half is read); a ridge keeps rank-poor ones solvable. */
export function solveSymmetric(a: Float64Array, b: Float64Array, n: number): Float64Array {
  if (room.length < n * n) room = new Float64Array(n * n);
  const l = room;
  let scale = 0;
  for (let i = 0; i < n; i++) scale = Math.max(scale, a[i * n + i]!);
  const ridge = 1e-12 * (scale || 1);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let v = a[i * n + j]! + (i === j ? ridge : 0);
      for (let k = 0; k < j; k++) v -= l[i * n + k]! * l[j * n + k]!;
      if (i === j) l[i * n + i] = Math.sqrt(Math.max(v, ridge));
      else l[i * n + j] = v / l[j * n + j]!;
    }
  }
  const x = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let v = b[i]!;
    for (let k = 0; k < i; k++) v -= l[i * n + k]! * x[k]!;
    x[i] = v / l[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    let v = x[i]!;
    for (let k = i + 1; k < n; k++) v -= l[k * n + i]! * x[k]!;
    x[i] = v / l[i * n + i]!;
  }
  return x;
}

/** Weighted least squares of y on columns: coefficients and the remaining sum of squares. */
export function leastSquares(
  columns: readonly Float64Array[],
  y: Float64Array,
  w: Float64Array,
): { coefficients: Float64Array; sse: number } {
  const p = columns.length;
  const n = y.length;
  const gram = new Float64Array(p * p);
  const rhs = new Float64Array(p);
  let yy = 0;
  for (let i = 0; i < n; i++) yy += w[i]! * y[i]! * y[i]!;
  for (let a = 0; a < p; a++) {
    const ca = columns[a]!;
    for (let b = 0; b <= a; b++) {
      const cb = columns[b]!;
      let v = 0;
      for (let i = 0; i < n; i++) v += w[i]! * ca[i]! * cb[i]!;
      gram[a * p + b] = v;
    }
    let v = 0;
    for (let i = 0; i < n; i++) v += w[i]! * ca[i]! * y[i]!;
    rhs[a] = v;
  }
  const coefficients = solveSymmetric(gram, rhs, p);
  let explained = 0;
  for (let a = 0; a < p; a++) explained += coefficients[a]! * rhs[a]!;
  return { coefficients, sse: Math.max(0, yy - explained) };
}
