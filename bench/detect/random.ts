// In: numbers that name a stream. Out: repeatable random numbers (xoshiro128**, Blackman & Vigna 2018).

export interface Random {
  uniform(from?: number, to?: number): number;
  normal(): number;
  /** from..to-1 */
  integer(from: number, to: number): number;
}

export function makeRandom(...seed: readonly number[]): Random {
  let h = 0x9e3779b9;
  const next32 = (): number => {
    h = (h + 0x6d2b79f5) | 0;
    let z = Math.imul(h ^ (h >>> 15), 1 | h);
    z = (z + Math.imul(z ^ (z >>> 7), 61 | z)) ^ z;
    return (z ^ (z >>> 14)) >>> 0;
  };
  for (const s of seed) {
    h = (h ^ Math.imul(s + 1, 0x85ebca6b)) | 0;
    next32();
  }
  let [a, b, c, d] = [next32(), next32(), next32(), next32()];
  const rotl = (x: number, k: number) => (x << k) | (x >>> (32 - k));
  const unit = (): number => {
    const r = Math.imul(rotl(Math.imul(b, 5), 7), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = rotl(d, 11);
    return (r + 0.5) / 4294967296;
  };
  return {
    uniform: (from = 0, to = 1) => from + (to - from) * unit(),
    normal: () => Math.sqrt(-2 * Math.log(unit())) * Math.cos(2 * Math.PI * unit()),
    integer: (from, to) => from + Math.floor(unit() * (to - from)),
  };
}
