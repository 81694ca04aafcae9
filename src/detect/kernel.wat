;; The loops of the detector over all cells of a series, at full speed from the first call: a short run is over before a
;; compiler has made the same loops of JavaScript fast. Every operation is the IEEE one that JavaScript would do, in one fixed
;; order, so that results are the same to the last bit on every machine.
;;
;; Who is followed where: PELT (Killick, Fearnhead & Eckley 2012) in $pelt; FIND (Hoare 1961, Algorithm 65) in $select; Bartlett's
;; weights (Newey & West 1987) in $longRunRatio; a hinge by suffix sums (Hinkley 1969) in $hinge; an exponentially weighted
;; moving average chart (Roberts 1959) in $chart; harmonics on uneven times (Lomb 1976; Scargle 1982) in $harmonics.
;;
;; Memory (bytes, little endian). A column is f64s, one a cell, one behind the other; columns of one call lie behind each other.
;;   0    what a call returns beside its result: one f64
;;   8    two lists, each u32 address, u32 length: of i32s
;;   64   the columns of a call, its results, its scratch: handed out by $take from here on, forgotten by `clear`
;; Sums are six columns of n + 1: of w, w x, w y, w x x, w x y, w y y; entry i is the sum over the first i cells.
;; A cell of the store is eight f64s: points, sums of t, y and load, points with a load, the first point's t, index and tag.
;;
;; A grid (the places where a piece may begin or end, ascending, first 0, last n) is a record of addresses:
;;   0    u32 how many places; 4 the places: i32s
;;   8    the sums at the places, as f64x2 of two neighbours: 96 bytes for places 2k and 2k + 1, of w, x, y, xx, xy, yy
;;   12   costs that were computed: row e (of e + 1 f64s, behind the rows before it) is what pieces from every place to place e
;;        cost; 0 when the grid is used once and costs are not kept
;;   16   i32 of each row: from which place on it is filled
;;   20   room for one row; 24 the least cost up to each place; 28 its last cut: i32s
;;   32   the least cost up to each place that may still be a last cut, infinite at others; 36 the row just looked at
(module
  (import "host" "memory" (memory 1))
  ;; exp(v) - 1
  (import "host" "expm1" (func $expm1 (param f64) (result f64)))
  ;; Numbers from constants.ts.
  (import "host" "MAD_TO_SD" (global $MAD_TO_SD f64))
  (import "host" "TRIM_SHARE" (global $TRIM_SHARE f64))
  (import "host" "TRIM_RMS" (global $TRIM_RMS f64))
  (import "host" "MEAN_FLOOR" (global $MEAN_FLOOR f64))
  (import "host" "BURST_WINDOW" (global $BURST_WINDOW i32))
  (import "host" "BURST_WINDOW_SHARE" (global $BURST_WINDOW_SHARE f64))
  (import "host" "BURST_START_SIGMA" (global $BURST_START_SIGMA f64))
  (import "host" "BURST_STAY_SIGMA" (global $BURST_STAY_SIGMA f64))
  (import "host" "BURST_MIN_KEPT" (global $BURST_MIN_KEPT f64))
  (import "host" "KAPPA_FIRST" (global $KAPPA_FIRST f64))
  (import "host" "KAPPA_MIN" (global $KAPPA_MIN f64))
  (import "host" "KAPPA_MAX" (global $KAPPA_MAX f64))
  (import "host" "KAPPA_TOTAL_MAX" (global $KAPPA_TOTAL_MAX f64))
  (import "host" "KAPPA_ROUNDS" (global $KAPPA_ROUNDS i32))
  (import "host" "KAPPA_GROWTH" (global $KAPPA_GROWTH f64))
  (import "host" "COARSE_PENALTY" (global $COARSE_PENALTY f64))
  (import "host" "MIN_SEGMENT" (global $MIN_SEGMENT i32))
  (import "host" "MIN_SIDE" (global $MIN_SIDE i32))
  (import "host" "HINGE_MARGIN" (global $HINGE_MARGIN i32))
  (import "host" "LEVEL_MIN_SIDE" (global $LEVEL_MIN_SIDE i32))
  (import "host" "SCREEN_LAMBDA" (global $SCREEN_LAMBDA f64))
  ;; Weights and sums of squares below this are none.
  (import "host" "TINY" (global $TINY f64))

  (global $free (mut i32) (i32.const 64))

  ;; The series that is being fitted: columns, sums, one column's bytes, cells.
  (global $x (mut i32) (i32.const 0))
  (global $y (mut i32) (i32.const 0))
  (global $w (mut i32) (i32.const 0))
  (global $sums (mut i32) (i32.const 0))
  (global $n (mut i32) (i32.const 0))
  ;; The highest lag of autocorrelation that counts.
  (global $lags (mut i32) (i32.const 0))

  (func (export "clear") (global.set $free (i32.const 64)))

  ;; That many bytes, nobody else's until `clear`; the memory grows when it must. Traps when it cannot.
  (func $take (export "take") (param $bytes i32) (result i32)
    (local $address i32) (local $missing i32)
    (local.set $address (global.get $free))
    (global.set $free (i32.and
      (i32.add (i32.add (global.get $free) (local.get $bytes)) (i32.const 15)) (i32.const -16)))
    ;; What is written in pairs may run over by one.
    (local.set $missing (i32.sub
      (i32.add (i32.shr_u (global.get $free) (i32.const 16)) (i32.const 2)) (memory.size)))
    (if (i32.gt_s (local.get $missing) (i32.const 0)) (then
      (if (i32.lt_s (memory.grow (local.get $missing)) (i32.const 0)) (then (unreachable)))))
    (local.get $address))

  ;; ---- Order ----

  ;; Puts what is smaller than the pivot before what is greater, in [lo, hi]; returns where the greater ones begin and where the
  ;; smaller ones end.
  (func $partition (param $lo i32) (param $hi i32) (param $pivot f64) (result i32 i32)
    (local $value f64)
    (loop $swaps
      (loop $up
        (if (f64.lt (f64.load (local.get $lo)) (local.get $pivot)) (then
          (local.set $lo (i32.add (local.get $lo) (i32.const 8)))
          (br $up))))
      (loop $down
        (if (f64.lt (local.get $pivot) (f64.load (local.get $hi))) (then
          (local.set $hi (i32.sub (local.get $hi) (i32.const 8)))
          (br $down))))
      (if (i32.le_s (local.get $lo) (local.get $hi)) (then
        (local.set $value (f64.load (local.get $lo)))
        (f64.store (local.get $lo) (f64.load (local.get $hi)))
        (f64.store (local.get $hi) (local.get $value))
        (local.set $lo (i32.add (local.get $lo) (i32.const 8)))
        (local.set $hi (i32.sub (local.get $hi) (i32.const 8)))
        (br_if $swaps (i32.le_s (local.get $lo) (local.get $hi))))))
    (local.get $lo)
    (local.get $hi))

  ;; The k-th smallest of n values, put in its place: nothing greater before it, nothing smaller behind.
  (func $select (param $values i32) (param $n i32) (param $k i32) (result f64)
    (local $lo i32) (local $hi i32) (local $at i32) (local $i i32) (local $j i32)
    (local.set $lo (local.get $values))
    (local.set $hi (i32.add (local.get $values) (i32.shl (i32.sub (local.get $n) (i32.const 1)) (i32.const 3))))
    (local.set $at (i32.add (local.get $values) (i32.shl (local.get $k) (i32.const 3))))
    (loop $narrow
      (if (i32.lt_s (local.get $lo) (local.get $hi)) (then
        (call $partition (local.get $lo) (local.get $hi) (f64.load (local.get $at)))
        (local.set $j)
        (local.set $i)
        (if (i32.lt_s (local.get $j) (local.get $at)) (then (local.set $lo (local.get $i))))
        (if (i32.lt_s (local.get $at) (local.get $i)) (then (local.set $hi (local.get $j))))
        (br $narrow))))
    (f64.load (local.get $at)))

  ;; Ascending, from address `lo` to `hi` (inclusive): halves, then insertion.
  (func $sort (param $lo i32) (param $hi i32)
    (local $i i32) (local $j i32) (local $value f64)
    (loop $halves
      (if (i32.gt_s (i32.sub (local.get $hi) (local.get $lo)) (i32.const 96)) (then
        (call $partition (local.get $lo) (local.get $hi) (f64.load (i32.add (local.get $lo)
          (i32.and (i32.shr_u (i32.sub (local.get $hi) (local.get $lo)) (i32.const 1)) (i32.const -8)))))
        (local.set $j)
        (local.set $i)
        ;; The shorter one by a call: few calls lie within each other.
        (if (i32.lt_s (i32.sub (local.get $hi) (local.get $i)) (i32.sub (local.get $j) (local.get $lo)))
          (then
            (call $sort (local.get $i) (local.get $hi))
            (local.set $hi (local.get $j)))
          (else
            (call $sort (local.get $lo) (local.get $j))
            (local.set $lo (local.get $i))))
        (br $halves))))
    (local.set $i (local.get $lo))
    (block $done
      (loop $each
        (local.set $i (i32.add (local.get $i) (i32.const 8)))
        (br_if $done (i32.gt_s (local.get $i) (local.get $hi)))
        (local.set $value (f64.load (local.get $i)))
        (local.set $j (local.get $i))
        (block $placed
          (loop $shift
            (br_if $placed (i32.le_s (local.get $j) (local.get $lo)))
            (br_if $placed (f64.le (f64.load (i32.sub (local.get $j) (i32.const 8))) (local.get $value)))
            (f64.store (local.get $j) (f64.load (i32.sub (local.get $j) (i32.const 8))))
            (local.set $j (i32.sub (local.get $j) (i32.const 8)))
            (br $shift)))
        (f64.store (local.get $j) (local.get $value))
        (br $each))))

  ;; Middle value (mean of the two middle ones of an even count), 0 of none; puts the values in another order.
  (func $median (export "median") (param $values i32) (param $n i32) (result f64)
    (local $upper f64) (local $below f64) (local $at i32)
    (if (i32.eqz (local.get $n)) (then (return (f64.const 0))))
    (local.set $upper (call $select (local.get $values) (local.get $n) (i32.shr_u (local.get $n) (i32.const 1))))
    (if (i32.and (local.get $n) (i32.const 1)) (then (return (local.get $upper))))
    (local.set $at (i32.add (local.get $values) (i32.shl (i32.shr_u (local.get $n) (i32.const 1)) (i32.const 3))))
    (local.set $below (f64.load (i32.sub (local.get $at) (i32.const 8))))
    (loop $greatest
      (local.set $at (i32.sub (local.get $at) (i32.const 8)))
      (if (i32.ge_s (local.get $at) (local.get $values)) (then
        (if (f64.gt (f64.load (local.get $at)) (local.get $below)) (then (local.set $below (f64.load (local.get $at)))))
        (br $greatest))))
    (f64.div (f64.add (local.get $below) (local.get $upper)) (f64.const 2)))

  ;; The k-th smallest absolute value; replaces the values by theirs.
  (func (export "selectAbsolute") (param $values i32) (param $n i32) (param $k i32) (result f64)
    (call $makeAbsolute (local.get $values) (local.get $n) (f64.const 0))
    (call $select (local.get $values) (local.get $n) (local.get $k)))

  ;; |v - centre| in place of every v.
  (func $makeAbsolute (param $values i32) (param $n i32) (param $centre f64)
    (local $end i32)
    (local.set $end (i32.add (local.get $values) (i32.shl (local.get $n) (i32.const 3))))
    (loop $each
      (if (i32.lt_u (local.get $values) (local.get $end)) (then
        (f64.store (local.get $values) (f64.abs (f64.sub (f64.load (local.get $values)) (local.get $centre))))
        (local.set $values (i32.add (local.get $values) (i32.const 8)))
        (br $each)))))

  ;; ---- Noise ----

  ;; Standard deviation of normal noise from the median absolute deviation about the median.
  (func $madSd (param $values i32) (param $n i32) (result f64)
    (local $free i32) (local $copy i32)
    (local.set $free (global.get $free))
    (local.set $copy (call $take (i32.shl (local.get $n) (i32.const 3))))
    (memory.copy (local.get $copy) (local.get $values) (i32.shl (local.get $n) (i32.const 3)))
    (call $makeAbsolute (local.get $copy) (local.get $n) (call $median (local.get $copy) (local.get $n)))
    (global.set $free (local.get $free))
    (f64.mul (global.get $MAD_TO_SD) (call $median (local.get $copy) (local.get $n))))

  ;; Noise scale of one point from second differences, which a straight line does not touch:
  ;; max(rms of the smallest 90 % of |d| / 0.7866, MAD(d) / 2, floor), each d divided by its standard deviation under weights 1/v.
  ;; The MAD alone is 0 or jumps in steps on rounded values; the rms is smooth.
  (func $noise (param $y i32) (param $w i32) (param $n i32) (param $floor f64) (result f64)
    (local $free i32) (local $d i32) (local $a i32) (local $m i32) (local $i i32) (local $end i32)
    (local $squares f64) (local $k f64) (local $sd f64)
    (local.set $free (global.get $free))
    (local.set $m (i32.sub (local.get $n) (i32.const 2)))
    (local.set $end (i32.shl (local.get $m) (i32.const 3)))
    (local.set $d (call $take (local.get $end)))
    (local.set $a (call $take (local.get $end)))
    ;; d = (y2 - 2 y1 + y0) / sqrt(1 / w0 + 4 / w1 + 1 / w2)
    (loop $differences
      (f64.store (i32.add (local.get $d) (local.get $i))
        (f64.div
          (f64.add
            (f64.sub (f64.load offset=16 (local.get $y)) (f64.mul (f64.const 2) (f64.load offset=8 (local.get $y))))
            (f64.load (local.get $y)))
          (f64.sqrt (f64.add
            (f64.add
              (f64.div (f64.const 1) (f64.load (local.get $w)))
              (f64.div (f64.const 4) (f64.load offset=8 (local.get $w))))
            (f64.div (f64.const 1) (f64.load offset=16 (local.get $w)))))))
      (local.set $y (i32.add (local.get $y) (i32.const 8)))
      (local.set $w (i32.add (local.get $w) (i32.const 8)))
      (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (br_if $differences (i32.lt_u (local.get $i) (local.get $end))))
    (memory.copy (local.get $a) (local.get $d) (local.get $end))
    (call $makeAbsolute (local.get $a) (local.get $m) (f64.const 0))
    (call $sort (local.get $a) (i32.sub (i32.add (local.get $a) (local.get $end)) (i32.const 8)))
    (local.set $k (f64.floor (f64.mul (global.get $TRIM_SHARE) (f64.convert_i32_s (local.get $m)))))
    (local.set $end (i32.add (local.get $a) (i32.shl (i32.trunc_f64_s (local.get $k)) (i32.const 3))))
    (loop $trimmed
      (if (i32.lt_u (local.get $a) (local.get $end)) (then
        (local.set $squares
          (f64.add (local.get $squares) (f64.mul (f64.load (local.get $a)) (f64.load (local.get $a)))))
        (local.set $a (i32.add (local.get $a) (i32.const 8)))
        (br $trimmed))))
    (local.set $sd (call $madSd (local.get $d) (local.get $m)))
    (global.set $free (local.get $free))
    (f64.max
      (f64.max
        (f64.div (f64.sqrt (f64.div (local.get $squares) (local.get $k))) (global.get $TRIM_RMS))
        (f64.mul (f64.const 0.5) (local.get $sd)))
      (local.get $floor)))

  ;; Long-run variance over short-run variance of residuals, 1 + 2 sum (1 - l / (lags + 1)) rho_l with Bartlett's weights,
  ;; residuals clipped at 3 standard deviations, bounded.
  (func $longRunRatio (param $residuals i32) (param $w i32) (param $n i32) (result f64)
    (local $free i32) (local $r i32) (local $i i32) (local $end i32) (local $l i32) (local $back i32)
    (local $scale f64) (local $cells f64) (local $value f64) (local $variance f64) (local $sum f64) (local $ratio f64)
    (local $weights f64)
    (local.set $free (global.get $free))
    (local.set $end (i32.shl (local.get $n) (i32.const 3)))
    (local.set $r (call $take (local.get $end)))
    (local.set $cells (f64.convert_i32_s (local.get $n)))
    (local.set $scale (call $madSd (local.get $residuals) (local.get $n)))
    (if (i32.eqz (f64.gt (local.get $scale) (f64.const 0))) (then (local.set $scale (f64.const 1))))
    ;; r = the residual in standard deviations, -3 to 3, 0 without weight; variance = sum r r / n
    (loop $clipped
      (local.set $value (f64.const 0))
      (if (f64.gt (f64.load (i32.add (local.get $w) (local.get $i))) (f64.const 0)) (then
        (local.set $value (f64.max (f64.const -3) (f64.min (f64.const 3)
          (f64.div (f64.load (i32.add (local.get $residuals) (local.get $i))) (local.get $scale)))))))
      (f64.store (i32.add (local.get $r) (local.get $i)) (local.get $value))
      (local.set $variance (f64.add (local.get $variance)
        (f64.div (f64.mul (local.get $value) (local.get $value)) (local.get $cells))))
      (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (br_if $clipped (i32.lt_u (local.get $i) (local.get $end))))
    (global.set $free (local.get $free))
    (if (f64.le (local.get $variance) (f64.const 0)) (then (return (global.get $KAPPA_MIN))))
    (local.set $ratio (f64.const 1))
    (local.set $weights (f64.convert_i32_s (i32.add (global.get $lags) (i32.const 1))))
    (local.set $l (i32.const 1))
    (block $done
      (loop $eachLag
        (br_if $done (i32.gt_s (local.get $l) (global.get $lags)))
        (br_if $done (i32.le_s (local.get $n) (i32.add (local.get $l) (i32.const 5))))
        ;; sum = r_i r_(i - l) over all i
        (local.set $sum (f64.const 0))
        (local.set $back (i32.shl (local.get $l) (i32.const 3)))
        (local.set $i (local.get $back))
        (loop $products
          (local.set $sum (f64.add (local.get $sum) (f64.mul
            (f64.load (i32.add (local.get $r) (local.get $i)))
            (f64.load (i32.add (local.get $r) (i32.sub (local.get $i) (local.get $back)))))))
          (local.set $i (i32.add (local.get $i) (i32.const 8)))
          (br_if $products (i32.lt_u (local.get $i) (local.get $end))))
        ;; ratio += 2 (1 - l / (lags + 1)) (sum / (n - l)) / variance
        (local.set $value (f64.convert_i32_s (local.get $l)))
        (local.set $ratio (f64.add (local.get $ratio) (f64.div
          (f64.mul
            (f64.mul (f64.const 2) (f64.sub (f64.const 1) (f64.div (local.get $value) (local.get $weights))))
            (f64.div (local.get $sum) (f64.sub (local.get $cells) (local.get $value))))
          (local.get $variance))))
        (local.set $l (i32.add (local.get $l) (i32.const 1)))
        (br $eachLag)))
    (f64.max (global.get $KAPPA_MIN) (f64.min (global.get $KAPPA_MAX) (local.get $ratio))))

  ;; Long-run variance of residuals: their variance (from the MAD of those with weight, which misfit at a few bends does not
  ;; move) times the ratio.
  (func $longRunVariance (param $residuals i32) (param $w i32) (param $n i32) (result f64)
    (local $free i32) (local $kept i32) (local $to i32) (local $i i32) (local $end i32) (local $sd f64)
    (local.set $free (global.get $free))
    (local.set $end (i32.shl (local.get $n) (i32.const 3)))
    (local.set $kept (call $take (local.get $end)))
    (local.set $to (local.get $kept))
    (loop $each
      (if (f64.gt (f64.load (i32.add (local.get $w) (local.get $i))) (f64.const 0)) (then
        (f64.store (local.get $to) (f64.load (i32.add (local.get $residuals) (local.get $i))))
        (local.set $to (i32.add (local.get $to) (i32.const 8)))))
      (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (br_if $each (i32.lt_u (local.get $i) (local.get $end))))
    (local.set $sd (call $madSd
      (local.get $kept) (i32.shr_u (i32.sub (local.get $to) (local.get $kept)) (i32.const 3))))
    (global.set $free (local.get $free))
    (f64.mul
      (f64.mul (local.get $sd) (local.get $sd))
      (call $longRunRatio (local.get $residuals) (local.get $w) (local.get $n))))

  ;; ---- Bursts ----

  ;; The value at cell i; the ends are repeated outwards.
  (func $outwards (param $y i32) (param $n i32) (param $i i32) (result f64)
    (if (i32.lt_s (local.get $i) (i32.const 0)) (then (local.set $i (i32.const 0))))
    (if (i32.ge_s (local.get $i) (local.get $n)) (then (local.set $i (i32.sub (local.get $n) (i32.const 1)))))
    (f64.load (i32.add (local.get $y) (i32.shl (local.get $i) (i32.const 3)))))

  ;; Median of the `width` (odd) values about each cell into `out`: a sorted window, one value out and one in per step.
  (func $runningMedian (param $y i32) (param $n i32) (param $width i32) (param $out i32)
    (local $free i32) (local $window i32) (local $last i32) (local $middle i32) (local $half i32) (local $i i32)
    (local $at i32) (local $old f64) (local $new f64)
    (local.set $free (global.get $free))
    (local.set $half (i32.shr_u (local.get $width) (i32.const 1)))
    (local.set $window (call $take (i32.shl (local.get $width) (i32.const 3))))
    (local.set $last (i32.add (local.get $window) (i32.shl (i32.sub (local.get $width) (i32.const 1)) (i32.const 3))))
    (local.set $middle (i32.add (local.get $window) (i32.shl (local.get $half) (i32.const 3))))
    (loop $first
      (f64.store (i32.add (local.get $window) (i32.shl (local.get $i) (i32.const 3)))
        (call $outwards (local.get $y) (local.get $n) (i32.sub (local.get $i) (local.get $half))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $first (i32.lt_s (local.get $i) (local.get $width))))
    (call $sort (local.get $window) (local.get $last))
    (local.set $i (i32.const 0))
    (loop $each
      (f64.store (i32.add (local.get $out) (i32.shl (local.get $i) (i32.const 3))) (f64.load (local.get $middle)))
      (local.set $old (call $outwards (local.get $y) (local.get $n) (i32.sub (local.get $i) (local.get $half))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (local.set $new (call $outwards (local.get $y) (local.get $n) (i32.add (local.get $i) (local.get $half))))
      (local.set $at (local.get $window))
      (loop $find
        (if (i32.lt_u (local.get $at) (local.get $last)) (then
          (if (f64.lt (f64.load (local.get $at)) (local.get $old)) (then
            (local.set $at (i32.add (local.get $at) (i32.const 8)))
            (br $find))))))
      ;; From the old one's place to the new one's, neighbours close up.
      (block $placed
        (loop $rise
          (br_if $placed (i32.ge_u (local.get $at) (local.get $last)))
          (br_if $placed (i32.eqz (f64.lt (f64.load offset=8 (local.get $at)) (local.get $new))))
          (f64.store (local.get $at) (f64.load offset=8 (local.get $at)))
          (local.set $at (i32.add (local.get $at) (i32.const 8)))
          (br $rise)))
      (block $placed
        (loop $sink
          (br_if $placed (i32.le_u (local.get $at) (local.get $window)))
          (br_if $placed (i32.eqz (f64.gt (f64.load (i32.sub (local.get $at) (i32.const 8))) (local.get $new))))
          (f64.store (local.get $at) (f64.load (i32.sub (local.get $at) (i32.const 8))))
          (local.set $at (i32.sub (local.get $at) (i32.const 8)))
          (br $sink)))
      (f64.store (local.get $at) (local.get $new))
      (br_if $each (i32.lt_s (local.get $i) (local.get $n))))
    (global.set $free (local.get $free)))

  ;; Runs that leave the running median by more than 5 sigma (of their weight) for at most half its window (counted in points, or
  ;; in cells when `points` is 0; a single cell always may) get weight 0. First and last cell of each into `bursts`; returns how
  ;; many. When too much would be masked it is no burst but the series.
  (func $maskBursts (param $y i32) (param $w i32) (param $points i32) (param $n i32) (param $sigma f64) (param $bursts i32)
    (result i32)
    (local $free i32) (local $weights i32) (local $mid i32) (local $width i32) (local $count i32) (local $i i32)
    (local $j i32) (local $k i32) (local $end i32) (local $masked i32) (local $r f64) (local $next f64) (local $sd f64)
    (local $size f64)
    (local.set $width (i32.or (i32.const 1) (i32.trunc_f64_s (f64.floor
      (f64.mul (f64.convert_i32_s (local.get $n)) (global.get $BURST_WINDOW_SHARE))))))
    (if (i32.gt_s (local.get $width) (global.get $BURST_WINDOW)) (then (local.set $width (global.get $BURST_WINDOW))))
    (if (i32.lt_s (local.get $width) (i32.const 5)) (then (return (i32.const 0))))
    (local.set $free (global.get $free))
    (local.set $end (i32.shl (local.get $n) (i32.const 3)))
    (local.set $mid (call $take (local.get $end)))
    (local.set $weights (call $take (local.get $end)))
    (memory.copy (local.get $weights) (local.get $w) (local.get $end))
    (call $runningMedian (local.get $y) (local.get $n) (local.get $width) (local.get $mid))
    (loop $each
      (local.set $r (f64.sub
        (f64.load (i32.add (local.get $y) (local.get $i))) (f64.load (i32.add (local.get $mid) (local.get $i)))))
      (local.set $sd (f64.div (local.get $sigma)
        (f64.sqrt (f64.load (i32.add (local.get $weights) (local.get $i))))))
      (if (i32.eqz (f64.le (f64.abs (local.get $r)) (f64.mul (global.get $BURST_START_SIGMA) (local.get $sd)))) (then
        ;; j: the last cell that stays away on the same side
        (local.set $j (local.get $i))
        (block $back
          (loop $away
            (br_if $back (i32.ge_u (i32.add (local.get $j) (i32.const 8)) (local.get $end)))
            (local.set $next (f64.sub
              (f64.load offset=8 (i32.add (local.get $y) (local.get $j)))
              (f64.load offset=8 (i32.add (local.get $mid) (local.get $j)))))
            (br_if $back (f64.le (f64.abs (local.get $next)) (f64.mul (global.get $BURST_STAY_SIGMA) (local.get $sd))))
            (br_if $back (i32.ne
              (f64.gt (local.get $next) (f64.const 0)) (f64.gt (local.get $r) (f64.const 0))))
            (local.set $j (i32.add (local.get $j) (i32.const 8)))
            (br $away)))
        (local.set $size (f64.const 0))
        (local.set $k (local.get $i))
        (loop $sizes
          (local.set $size (f64.add (local.get $size)
            (if (result f64) (local.get $points)
              (then (f64.load (i32.add (local.get $points) (local.get $k))))
              (else (f64.const 1)))))
          (local.set $k (i32.add (local.get $k) (i32.const 8)))
          (br_if $sizes (i32.le_u (local.get $k) (local.get $j))))
        (if (i32.or (i32.eq (local.get $i) (local.get $j))
              (f64.le (local.get $size) (f64.convert_i32_s (i32.shr_u (local.get $width) (i32.const 1)))))
          (then
            (memory.fill (i32.add (local.get $w) (local.get $i)) (i32.const 0)
              (i32.sub (local.get $k) (local.get $i)))
            (local.set $masked (i32.add (local.get $masked) (i32.sub (local.get $k) (local.get $i))))
            (i32.store (i32.add (local.get $bursts) (i32.shl (local.get $count) (i32.const 3)))
              (i32.shr_u (local.get $i) (i32.const 3)))
            (i32.store offset=4 (i32.add (local.get $bursts) (i32.shl (local.get $count) (i32.const 3)))
              (i32.shr_u (local.get $j) (i32.const 3)))
            (local.set $count (i32.add (local.get $count) (i32.const 1)))))
        (local.set $i (local.get $j))))
      (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (br_if $each (i32.lt_u (local.get $i) (local.get $end))))
    (global.set $free (local.get $free))
    ;; 1 - masked / n
    (if (f64.lt
          (f64.sub (f64.const 1) (f64.div (f64.convert_i32_s (local.get $masked)) (f64.convert_i32_s (local.get $end))))
          (global.get $BURST_MIN_KEPT))
      (then
        (memory.copy (local.get $w) (local.get $weights) (local.get $end))
        (return (i32.const 0))))
    (local.get $count))

  ;; Columns t, y, points of n cells at `columns`. Returns the address of two columns: x = t over 0..1 (`length` is t's), and
  ;; weights relative to one point, 0 in bursts. At 0 sigma, at 8 the bursts: first and last cell of each.
  (func (export "prepare") (param $columns i32) (param $n i32) (param $length f64) (param $floor f64) (param $byPoints i32)
    (result i32)
    (local $y i32) (local $points i32) (local $x i32) (local $w i32) (local $bursts i32) (local $bytes i32) (local $i i32)
    (local $first f64) (local $sigma f64)
    (local.set $bytes (i32.shl (local.get $n) (i32.const 3)))
    (local.set $y (i32.add (local.get $columns) (local.get $bytes)))
    (local.set $points (i32.add (local.get $y) (local.get $bytes)))
    (local.set $x (call $take (i32.shl (local.get $bytes) (i32.const 1))))
    (local.set $w (i32.add (local.get $x) (local.get $bytes)))
    (local.set $bursts (call $take (local.get $bytes)))
    (local.set $first (f64.load (local.get $columns)))
    (loop $each
      ;; x = (t - t_0) / length
      (f64.store (i32.add (local.get $x) (local.get $i)) (f64.div
        (f64.sub (f64.load (i32.add (local.get $columns) (local.get $i))) (local.get $first)) (local.get $length)))
      ;; w = (1 + floor) / (1 / points + floor): slow wander does not average out
      (f64.store (i32.add (local.get $w) (local.get $i)) (f64.div
        (f64.add (f64.const 1) (global.get $MEAN_FLOOR))
        (f64.add
          (f64.div (f64.const 1) (f64.load (i32.add (local.get $points) (local.get $i))))
          (global.get $MEAN_FLOOR))))
      (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (br_if $each (i32.lt_u (local.get $i) (local.get $bytes))))
    (local.set $sigma (call $noise (local.get $y) (local.get $w) (local.get $n) (local.get $floor)))
    (f64.store (i32.const 0) (local.get $sigma))
    (i32.store (i32.const 8) (local.get $bursts))
    (i32.store (i32.const 12) (i32.shl
      (call $maskBursts
        (local.get $y) (local.get $w) (select (local.get $points) (i32.const 0) (local.get $byPoints)) (local.get $n)
        (local.get $sigma) (local.get $bursts))
      (i32.const 1)))
    (local.get $x))

  ;; A column of n cells. Returns the address of the medians of the five about each (fewer at the ends), NaN left out; 0 where
  ;; there is nothing else.
  (func (export "mediansOfFive") (param $values i32) (param $n i32) (result i32)
    (local $out i32) (local $room i32) (local $i i32) (local $j i32) (local $stop i32) (local $count i32)
    (local.set $out (call $take (i32.shl (local.get $n) (i32.const 3))))
    (local.set $room (call $take (i32.const 48)))
    (loop $each
      (local.set $j (select (i32.sub (local.get $i) (i32.const 2)) (i32.const 0) (i32.gt_s (local.get $i) (i32.const 2))))
      (local.set $stop (i32.add (local.get $i) (i32.const 3)))
      (if (i32.gt_s (local.get $stop) (local.get $n)) (then (local.set $stop (local.get $n))))
      (local.set $count (i32.const 0))
      (loop $window
        (f64.store (i32.add (local.get $room) (i32.shl (local.get $count) (i32.const 3)))
          (f64.load (i32.add (local.get $values) (i32.shl (local.get $j) (i32.const 3)))))
        ;; What is a number equals itself.
        (local.set $count (i32.add (local.get $count) (f64.eq
          (f64.load (i32.add (local.get $values) (i32.shl (local.get $j) (i32.const 3))))
          (f64.load (i32.add (local.get $values) (i32.shl (local.get $j) (i32.const 3)))))))
        (local.set $j (i32.add (local.get $j) (i32.const 1)))
        (br_if $window (i32.lt_s (local.get $j) (local.get $stop))))
      (f64.store (i32.add (local.get $out) (i32.shl (local.get $i) (i32.const 3)))
        (call $median (local.get $room) (local.get $count)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $each (i32.lt_s (local.get $i) (local.get $n))))
    (local.get $out))

  ;; ---- Sums and lines ----

  ;; The sums of the series.
  (func $makeSums
    (local $i i32) (local $end i32) (local $to i32) (local $bytes i32) (local $at i32)
    (local $x f64) (local $y f64) (local $w f64) (local $wx f64) (local $wy f64)
    (local $sw f64) (local $sx f64) (local $sy f64) (local $sxx f64) (local $sxy f64) (local $syy f64)
    (local.set $end (i32.shl (global.get $n) (i32.const 3)))
    (local.set $bytes (i32.add (local.get $end) (i32.const 8)))
    (global.set $sums (call $take (i32.mul (local.get $bytes) (i32.const 6))))
    (local.set $to (global.get $sums))
    (loop $each
      (local.set $at (local.get $to))
      (f64.store (local.get $at) (local.get $sw))
      (f64.store (local.tee $at (i32.add (local.get $at) (local.get $bytes))) (local.get $sx))
      (f64.store (local.tee $at (i32.add (local.get $at) (local.get $bytes))) (local.get $sy))
      (f64.store (local.tee $at (i32.add (local.get $at) (local.get $bytes))) (local.get $sxx))
      (f64.store (local.tee $at (i32.add (local.get $at) (local.get $bytes))) (local.get $sxy))
      (f64.store (i32.add (local.get $at) (local.get $bytes)) (local.get $syy))
      (if (i32.lt_u (local.get $i) (local.get $end)) (then
        (local.set $w (f64.load (i32.add (global.get $w) (local.get $i))))
        (local.set $x (f64.load (i32.add (global.get $x) (local.get $i))))
        (local.set $y (f64.load (i32.add (global.get $y) (local.get $i))))
        (local.set $wx (f64.mul (local.get $w) (local.get $x)))
        (local.set $wy (f64.mul (local.get $w) (local.get $y)))
        (local.set $sw (f64.add (local.get $sw) (local.get $w)))
        (local.set $sx (f64.add (local.get $sx) (local.get $wx)))
        (local.set $sy (f64.add (local.get $sy) (local.get $wy)))
        (local.set $sxx (f64.add (local.get $sxx) (f64.mul (local.get $wx) (local.get $x))))
        (local.set $sxy (f64.add (local.get $sxy) (f64.mul (local.get $wx) (local.get $y))))
        (local.set $syy (f64.add (local.get $syy) (f64.mul (local.get $wy) (local.get $y))))
        (local.set $i (i32.add (local.get $i) (i32.const 8)))
        (local.set $to (i32.add (local.get $to) (i32.const 8)))
        (br $each)))))

  ;; Sum number `column` over the cells [from, to).
  (func $sumOver (param $column i32) (param $from i32) (param $to i32) (result f64)
    (local $at i32)
    (local.set $at (i32.add (global.get $sums)
      (i32.mul (local.get $column) (i32.shl (i32.add (global.get $n) (i32.const 1)) (i32.const 3)))))
    (f64.sub
      (f64.load (i32.add (local.get $at) (i32.shl (local.get $to) (i32.const 3))))
      (f64.load (i32.add (local.get $at) (i32.shl (local.get $from) (i32.const 3))))))

  ;; Weighted sum of squared residuals of [from, to) about its own least-squares line.
  (func $costOfLine (param $from i32) (param $to i32) (result f64)
    (local $w f64) (local $x f64) (local $y f64) (local $xx f64) (local $xy f64) (local $yy f64)
    (local.set $w (f64.max (call $sumOver (i32.const 0) (local.get $from) (local.get $to)) (global.get $TINY)))
    (local.set $x (call $sumOver (i32.const 1) (local.get $from) (local.get $to)))
    (local.set $y (call $sumOver (i32.const 2) (local.get $from) (local.get $to)))
    ;; xx, xy, yy about the means
    (local.set $xx (f64.sub (call $sumOver (i32.const 3) (local.get $from) (local.get $to))
      (f64.div (f64.mul (local.get $x) (local.get $x)) (local.get $w))))
    (local.set $xy (f64.sub (call $sumOver (i32.const 4) (local.get $from) (local.get $to))
      (f64.div (f64.mul (local.get $x) (local.get $y)) (local.get $w))))
    (local.set $yy (f64.sub (call $sumOver (i32.const 5) (local.get $from) (local.get $to))
      (f64.div (f64.mul (local.get $y) (local.get $y)) (local.get $w))))
    ;; yy - xy xy / xx
    (if (f64.gt (local.get $xx) (global.get $TINY)) (then
      (local.set $yy (f64.sub (local.get $yy)
        (f64.div (f64.mul (local.get $xy) (local.get $xy)) (local.get $xx))))))
    (f64.max (local.get $yy) (f64.const 0)))

  ;; (y - line) sqrt(w) of the cells [from, to) about their least-squares line, into the column `out`.
  (func $residualsOfLine (param $from i32) (param $to i32) (param $out i32)
    (local $w f64) (local $x f64) (local $y f64) (local $xx f64) (local $xy f64) (local $slope f64) (local $intercept f64)
    (local $i i32) (local $end i32)
    (local.set $w (f64.max (call $sumOver (i32.const 0) (local.get $from) (local.get $to)) (global.get $TINY)))
    (local.set $x (call $sumOver (i32.const 1) (local.get $from) (local.get $to)))
    (local.set $y (call $sumOver (i32.const 2) (local.get $from) (local.get $to)))
    (local.set $xx (f64.sub (call $sumOver (i32.const 3) (local.get $from) (local.get $to))
      (f64.div (f64.mul (local.get $x) (local.get $x)) (local.get $w))))
    (local.set $xy (f64.sub (call $sumOver (i32.const 4) (local.get $from) (local.get $to))
      (f64.div (f64.mul (local.get $x) (local.get $y)) (local.get $w))))
    (if (f64.gt (local.get $xx) (global.get $TINY)) (then
      (local.set $slope (f64.div (local.get $xy) (local.get $xx)))))
    ;; intercept = (y - slope x) / w
    (local.set $intercept
      (f64.div (f64.sub (local.get $y) (f64.mul (local.get $slope) (local.get $x))) (local.get $w)))
    (local.set $i (i32.shl (local.get $from) (i32.const 3)))
    (local.set $end (i32.shl (local.get $to) (i32.const 3)))
    (loop $each
      (if (i32.lt_u (local.get $i) (local.get $end)) (then
        (f64.store (i32.add (local.get $out) (local.get $i)) (f64.mul
          (f64.sub
            (f64.load (i32.add (global.get $y) (local.get $i)))
            (f64.add (local.get $intercept)
              (f64.mul (local.get $slope) (f64.load (i32.add (global.get $x) (local.get $i))))))
          (f64.sqrt (f64.load (i32.add (global.get $w) (local.get $i))))))
        (local.set $i (i32.add (local.get $i) (i32.const 8)))
        (br $each)))))

  ;; (y - median) sqrt(w) of the cells [from, to), into the column `out`.
  (func $residualsOfLevel (param $from i32) (param $to i32) (param $out i32)
    (local $i i32) (local $end i32) (local $bytes i32) (local $middle f64)
    (local.set $i (i32.shl (local.get $from) (i32.const 3)))
    (local.set $end (i32.shl (local.get $to) (i32.const 3)))
    (memory.copy (i32.add (local.get $out) (local.get $i)) (i32.add (global.get $y) (local.get $i))
      (i32.sub (local.get $end) (local.get $i)))
    (local.set $middle (call $median
      (i32.add (local.get $out) (local.get $i)) (i32.sub (local.get $to) (local.get $from))))
    (loop $each
      (if (i32.lt_u (local.get $i) (local.get $end)) (then
        (f64.store (i32.add (local.get $out) (local.get $i)) (f64.mul
          (f64.sub (f64.load (i32.add (global.get $y) (local.get $i))) (local.get $middle))
          (f64.sqrt (f64.load (i32.add (global.get $w) (local.get $i))))))
        (local.set $i (i32.add (local.get $i) (i32.const 8)))
        (br $each)))))

  ;; Residuals of the pieces that the cuts leave, about lines or levels, into the column `out`.
  (func $residuals (param $cuts i32) (param $count i32) (param $levels i32) (param $out i32)
    (local $from i32) (local $to i32)
    (loop $eachPiece
      (local.set $to (if (result i32) (local.get $count)
        (then (i32.load (local.get $cuts)))
        (else (global.get $n))))
      (if (local.get $levels)
        (then (call $residualsOfLevel (local.get $from) (local.get $to) (local.get $out)))
        (else (call $residualsOfLine (local.get $from) (local.get $to) (local.get $out))))
      (local.set $from (local.get $to))
      (local.set $cuts (i32.add (local.get $cuts) (i32.const 4)))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br_if $eachPiece (i32.ge_s (local.get $count) (i32.const 0)))))

  ;; ---- Cuts ----

  ;; The grid of the places 0, step, 2 step ... below `limit`, and n.
  (func $makeGrid (param $step i32) (param $limit i32) (param $keep i32) (result i32)
    (local $places i32) (local $count i32) (local $place i32)
    (local.set $places (call $take (i32.shl (i32.add (global.get $n) (i32.const 1)) (i32.const 2))))
    (loop $each
      (if (i32.lt_s (local.get $place) (local.get $limit)) (then
        (i32.store (i32.add (local.get $places) (i32.shl (local.get $count) (i32.const 2))) (local.get $place))
        (local.set $count (i32.add (local.get $count) (i32.const 1)))
        (local.set $place (i32.add (local.get $place) (local.get $step)))
        (br $each))))
    (i32.store (i32.add (local.get $places) (i32.shl (local.get $count) (i32.const 2))) (global.get $n))
    (call $fillGrid (local.get $places) (i32.add (local.get $count) (i32.const 1)) (local.get $keep)))

  ;; The grid of every place within 2 steps of a cut, and both ends.
  (func $makeNearGrid (param $cuts i32) (param $count i32) (param $step i32) (result i32)
    (local $places i32) (local $at i32) (local $next i32) (local $end i32)
    (local.set $places (call $take (i32.shl (i32.add (global.get $n) (i32.const 1)) (i32.const 2))))
    (i32.store (local.get $places) (i32.const 0))
    (local.set $at (i32.add (local.get $places) (i32.const 4)))
    (local.set $next (i32.const 1))
    (local.set $step (i32.shl (local.get $step) (i32.const 1)))
    (block $done
      (loop $eachCut
        (br_if $done (i32.eqz (local.get $count)))
        (local.set $end (i32.add (i32.add (i32.load (local.get $cuts)) (local.get $step)) (i32.const 1)))
        (if (i32.gt_s (local.get $end) (global.get $n)) (then (local.set $end (global.get $n))))
        (if (i32.lt_s (local.get $next) (i32.sub (i32.load (local.get $cuts)) (local.get $step))) (then
          (local.set $next (i32.sub (i32.load (local.get $cuts)) (local.get $step)))))
        (loop $around
          (if (i32.lt_s (local.get $next) (local.get $end)) (then
            (i32.store (local.get $at) (local.get $next))
            (local.set $at (i32.add (local.get $at) (i32.const 4)))
            (local.set $next (i32.add (local.get $next) (i32.const 1)))
            (br $around))))
        (local.set $cuts (i32.add (local.get $cuts) (i32.const 4)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $eachCut)))
    (i32.store (local.get $at) (global.get $n))
    (call $fillGrid
      (local.get $places)
      (i32.shr_u (i32.sub (i32.add (local.get $at) (i32.const 4)) (local.get $places)) (i32.const 2))
      (i32.const 0)))

  ;; The record of a grid; with `keep` costs are kept for the next search.
  (func $fillGrid (param $places i32) (param $count i32) (param $keep i32) (result i32)
    (local $grid i32) (local $pairs i32) (local $k i32) (local $column i32) (local $bytes i32) (local $from i32)
    (local $to i32)
    (local.set $grid (call $take (i32.const 48)))
    (local.set $pairs (call $take
      (i32.mul (i32.shr_u (i32.add (local.get $count) (i32.const 1)) (i32.const 1)) (i32.const 96))))
    (i32.store (local.get $grid) (local.get $count))
    (i32.store offset=4 (local.get $grid) (local.get $places))
    (i32.store offset=8 (local.get $grid) (local.get $pairs))
    (i32.store offset=12 (local.get $grid) (i32.const 0))
    (local.set $bytes (i32.shl (i32.add (local.get $count) (i32.const 1)) (i32.const 3)))
    (if (local.get $keep) (then
      (i32.store offset=12 (local.get $grid) (call $take
        (i32.shl (i32.mul (local.get $count) (i32.add (local.get $count) (i32.const 1))) (i32.const 2))))
      (i32.store offset=16 (local.get $grid) (call $take (local.get $bytes)))
      (memory.fill (i32.load offset=16 (local.get $grid)) (i32.const 127) (local.get $bytes))))
    (i32.store offset=20 (local.get $grid) (call $take (local.get $bytes)))
    (i32.store offset=24 (local.get $grid) (call $take (local.get $bytes)))
    (i32.store offset=28 (local.get $grid) (call $take (local.get $bytes)))
    (i32.store offset=32 (local.get $grid) (call $take (local.get $bytes)))
    (i32.store offset=36 (local.get $grid) (call $take (local.get $bytes)))
    ;; Sums at the places, in pairs.
    (local.set $bytes (i32.shl (i32.add (global.get $n) (i32.const 1)) (i32.const 3)))
    (loop $eachPlace
      (local.set $from (i32.add (global.get $sums)
        (i32.shl (i32.load (i32.add (local.get $places) (i32.shl (local.get $k) (i32.const 2)))) (i32.const 3))))
      (local.set $to (i32.add
        (i32.add (local.get $pairs) (i32.mul (i32.shr_u (local.get $k) (i32.const 1)) (i32.const 96)))
        (i32.shl (i32.and (local.get $k) (i32.const 1)) (i32.const 3))))
      (local.set $column (i32.const 6))
      (loop $eachColumn
        (f64.store (local.get $to) (f64.load (local.get $from)))
        (local.set $from (i32.add (local.get $from) (local.get $bytes)))
        (local.set $to (i32.add (local.get $to) (i32.const 16)))
        (local.set $column (i32.sub (local.get $column) (i32.const 1)))
        (br_if $eachColumn (local.get $column)))
      (local.set $k (i32.add (local.get $k) (i32.const 1)))
      (br_if $eachPlace (i32.lt_s (local.get $k) (local.get $count))))
    (local.get $grid))

  ;; One sum of two neighbours of a grid, the same in both halves.
  (func $splatSum (param $grid i32) (param $place i32) (param $column i32) (result v128)
    (v128.load64_splat (i32.add
      (i32.add
        (i32.add (i32.load offset=8 (local.get $grid))
          (i32.mul (i32.shr_u (local.get $place) (i32.const 1)) (i32.const 96)))
        (i32.shl (i32.and (local.get $place) (i32.const 1)) (i32.const 3)))
      (i32.shl (local.get $column) (i32.const 4)))))

  ;; What pieces from the places [from, to) to place `end` cost about their lines, into `row`; `from` is even.
  (func $costsOfLines (param $grid i32) (param $end i32) (param $from i32) (param $to i32) (param $row i32)
    (local $pair i32) (local $stop i32) (local $tiny v128)
    (local $w1 v128) (local $x1 v128) (local $y1 v128) (local $xx1 v128) (local $xy1 v128) (local $yy1 v128)
    (local $w v128) (local $x v128) (local $y v128) (local $xx v128) (local $xy v128) (local $yy v128)
    (local.set $tiny (f64x2.splat (global.get $TINY)))
    (local.set $w1 (call $splatSum (local.get $grid) (local.get $end) (i32.const 0)))
    (local.set $x1 (call $splatSum (local.get $grid) (local.get $end) (i32.const 1)))
    (local.set $y1 (call $splatSum (local.get $grid) (local.get $end) (i32.const 2)))
    (local.set $xx1 (call $splatSum (local.get $grid) (local.get $end) (i32.const 3)))
    (local.set $xy1 (call $splatSum (local.get $grid) (local.get $end) (i32.const 4)))
    (local.set $yy1 (call $splatSum (local.get $grid) (local.get $end) (i32.const 5)))
    (local.set $pair (i32.add (i32.load offset=8 (local.get $grid)) (i32.mul (local.get $from) (i32.const 48))))
    (local.set $stop (i32.add (i32.load offset=8 (local.get $grid)) (i32.mul (local.get $to) (i32.const 48))))
    (local.set $row (i32.add (local.get $row) (i32.shl (local.get $from) (i32.const 3))))
    (loop $pairs
      (if (i32.lt_u (local.get $pair) (local.get $stop)) (then
        ;; w = max(w, tiny)
        (local.set $w (f64x2.pmax (f64x2.sub (local.get $w1) (v128.load (local.get $pair))) (local.get $tiny)))
        (local.set $x (f64x2.sub (local.get $x1) (v128.load offset=16 (local.get $pair))))
        (local.set $y (f64x2.sub (local.get $y1) (v128.load offset=32 (local.get $pair))))
        ;; xx, xy, yy about the means
        (local.set $xx (f64x2.sub
          (f64x2.sub (local.get $xx1) (v128.load offset=48 (local.get $pair)))
          (f64x2.div (f64x2.mul (local.get $x) (local.get $x)) (local.get $w))))
        (local.set $xy (f64x2.sub
          (f64x2.sub (local.get $xy1) (v128.load offset=64 (local.get $pair)))
          (f64x2.div (f64x2.mul (local.get $x) (local.get $y)) (local.get $w))))
        (local.set $yy (f64x2.sub
          (f64x2.sub (local.get $yy1) (v128.load offset=80 (local.get $pair)))
          (f64x2.div (f64x2.mul (local.get $y) (local.get $y)) (local.get $w))))
        ;; max(yy - xy xy / xx, 0), or max(yy, 0) where all x are one
        (v128.store (local.get $row) (f64x2.pmax
          (v128.bitselect
            (f64x2.sub (local.get $yy) (f64x2.div (f64x2.mul (local.get $xy) (local.get $xy)) (local.get $xx)))
            (local.get $yy)
            (f64x2.gt (local.get $xx) (local.get $tiny)))
          (v128.const f64x2 0 0)))
        (local.set $row (i32.add (local.get $row) (i32.const 16)))
        (local.set $pair (i32.add (local.get $pair) (i32.const 96)))
        (br $pairs)))))

  ;; The same about their means.
  (func $costsOfMeans (param $grid i32) (param $end i32) (param $from i32) (param $to i32) (param $row i32)
    (local $pair i32) (local $stop i32) (local $tiny v128) (local $w1 v128) (local $y1 v128) (local $yy1 v128) (local $y v128)
    (local.set $tiny (f64x2.splat (global.get $TINY)))
    (local.set $w1 (call $splatSum (local.get $grid) (local.get $end) (i32.const 0)))
    (local.set $y1 (call $splatSum (local.get $grid) (local.get $end) (i32.const 2)))
    (local.set $yy1 (call $splatSum (local.get $grid) (local.get $end) (i32.const 5)))
    (local.set $pair (i32.add (i32.load offset=8 (local.get $grid)) (i32.mul (local.get $from) (i32.const 48))))
    (local.set $stop (i32.add (i32.load offset=8 (local.get $grid)) (i32.mul (local.get $to) (i32.const 48))))
    (local.set $row (i32.add (local.get $row) (i32.shl (local.get $from) (i32.const 3))))
    (loop $pairs
      (if (i32.lt_u (local.get $pair) (local.get $stop)) (then
        (local.set $y (f64x2.sub (local.get $y1) (v128.load offset=32 (local.get $pair))))
        ;; max(yy - y y / max(w, tiny), 0)
        (v128.store (local.get $row) (f64x2.pmax
          (f64x2.sub
            (f64x2.sub (local.get $yy1) (v128.load offset=80 (local.get $pair)))
            (f64x2.div
              (f64x2.mul (local.get $y) (local.get $y))
              (f64x2.pmax (f64x2.sub (local.get $w1) (v128.load (local.get $pair))) (local.get $tiny))))
          (v128.const f64x2 0 0)))
        (local.set $row (i32.add (local.get $row) (i32.const 16)))
        (local.set $pair (i32.add (local.get $pair) (i32.const 96)))
        (br $pairs)))))

  ;; The row of place `end`, in which the places [from, to) are filled: those that are not, now.
  (func $costs (param $grid i32) (param $end i32) (param $from i32) (param $to i32) (param $levels i32) (result i32)
    (local $row i32) (local $filled i32)
    (local.set $row (i32.load offset=20 (local.get $grid)))
    (if (i32.load offset=12 (local.get $grid)) (then
      (local.set $row (i32.add (i32.load offset=12 (local.get $grid))
        (i32.shl (i32.mul (local.get $end) (i32.add (local.get $end) (i32.const 1))) (i32.const 2))))
      (local.set $filled (i32.add (i32.load offset=16 (local.get $grid)) (i32.shl (local.get $end) (i32.const 2))))
      (if (i32.lt_s (i32.load (local.get $filled)) (local.get $to)) (then
        (local.set $to (i32.load (local.get $filled)))))
      (if (i32.lt_s (local.get $from) (local.get $to)) (then (i32.store (local.get $filled) (local.get $from))))))
    (if (local.get $levels)
      (then (call $costsOfMeans (local.get $grid) (local.get $end) (local.get $from) (local.get $to) (local.get $row)))
      (else (call $costsOfLines (local.get $grid) (local.get $end) (local.get $from) (local.get $to) (local.get $row))))
    (local.get $row))

  ;; PELT: the cuts that minimise sum of costs + beta per cut, among those at the grid's places that leave no piece shorter than
  ;; `shortest`, ascending into `cuts`; returns how many. A place is dropped for good as a last cut as soon as the best fit
  ;; through it costs more than the best of all.
  (func $pelt (param $grid i32) (param $beta f64) (param $shortest i32) (param $levels i32) (param $cuts i32) (result i32)
    (local $places i32) (local $count i32) (local $best i32) (local $lastCut i32) (local $open i32) (local $cost i32)
    (local $row i32) (local $end i32) (local $place i32) (local $next i32) (local $first i32) (local $a i32) (local $stop i32)
    (local $through f64) (local $least f64) (local $low v128) (local $top v128) (local $closed v128) (local $fit v128)
    (local.set $count (i32.load (local.get $grid)))
    (local.set $places (i32.load offset=4 (local.get $grid)))
    (local.set $best (i32.load offset=24 (local.get $grid)))
    (local.set $lastCut (i32.load offset=28 (local.get $grid)))
    (local.set $open (i32.load offset=32 (local.get $grid)))
    (local.set $cost (i32.load offset=36 (local.get $grid)))
    (local.set $closed (f64x2.splat (f64.const inf)))
    (loop $close
      (v128.store (i32.add (local.get $open) (local.get $a)) (local.get $closed))
      (local.set $a (i32.add (local.get $a) (i32.const 16)))
      (br_if $close (i32.lt_u (local.get $a) (i32.shl (i32.add (local.get $count) (i32.const 1)) (i32.const 3)))))
    (local.set $top (local.get $closed))
    (f64.store (local.get $best) (f64.neg (local.get $beta)))
    (local.set $end (i32.const 1))
    (loop $eachEnd
      (local.set $place (i32.load (i32.add (local.get $places) (i32.shl (local.get $end) (i32.const 2)))))
      ;; Places far enough back for the first time may be a last cut now.
      (block $near
        (loop $opening
          (br_if $near (i32.ge_s (local.get $next) (local.get $end)))
          (br_if $near (i32.lt_s
            (i32.sub (local.get $place) (i32.load (i32.add (local.get $places) (i32.shl (local.get $next) (i32.const 2)))))
            (local.get $shortest)))
          (local.set $a (i32.shl (local.get $next) (i32.const 3)))
          (f64.store (i32.add (local.get $open) (local.get $a)) (f64.load (i32.add (local.get $best) (local.get $a))))
          (f64.store (i32.add (local.get $cost) (local.get $a)) (f64.const -inf))
          (local.set $next (i32.add (local.get $next) (i32.const 1)))
          (br $opening)))
      ;; Those before `first` are all closed.
      (loop $skip
        (if (i32.lt_s (i32.add (local.get $first) (i32.const 1)) (local.get $next)) (then
          (if (v128.any_true (f64x2.lt
                (v128.load (i32.add (local.get $open) (i32.shl (local.get $first) (i32.const 3)))) (local.get $closed)))
            (then)
            (else
              (local.set $first (i32.add (local.get $first) (i32.const 2)))
              (br $skip))))))
      (local.set $row (call $costs
        (local.get $grid) (local.get $end) (local.get $first) (local.get $next) (local.get $levels)))
      ;; Two at a time: close what cost more than `top` at the end before this one, then find the cheapest.
      (local.set $low (local.get $closed))
      (local.set $a (i32.shl (local.get $first) (i32.const 3)))
      (local.set $stop (i32.shl (local.get $next) (i32.const 3)))
      (loop $pairs
        (if (i32.lt_u (local.get $a) (local.get $stop)) (then
          (local.set $fit (v128.bitselect
            (local.get $closed)
            (v128.load (i32.add (local.get $open) (local.get $a)))
            (f64x2.gt (v128.load (i32.add (local.get $cost) (local.get $a))) (local.get $top))))
          (v128.store (i32.add (local.get $open) (local.get $a)) (local.get $fit))
          (local.set $fit (f64x2.add (local.get $fit) (v128.load (i32.add (local.get $row) (local.get $a)))))
          (v128.store (i32.add (local.get $cost) (local.get $a)) (local.get $fit))
          (local.set $low (f64x2.pmin (local.get $low) (local.get $fit)))
          (local.set $a (i32.add (local.get $a) (i32.const 16)))
          (br $pairs))))
      (local.set $least (f64x2.extract_lane 0 (local.get $low)))
      (local.set $through (f64x2.extract_lane 1 (local.get $low)))
      (if (f64.lt (local.get $through) (local.get $least)) (then (local.set $least (local.get $through))))
      ;; The first that costs the least is the last cut.
      (local.set $a (i32.const 0))
      (if (f64.lt (local.get $least) (f64.const inf)) (then
        (local.set $a (i32.shl (local.get $first) (i32.const 3)))
        (loop $search
          (if (f64.ne (f64.load (i32.add (local.get $cost) (local.get $a))) (local.get $least)) (then
            (local.set $a (i32.add (local.get $a) (i32.const 8)))
            (br $search))))))
      (i32.store (i32.add (local.get $lastCut) (i32.shl (local.get $end) (i32.const 2)))
        (i32.shr_u (local.get $a) (i32.const 3)))
      (local.set $least (f64.add (local.get $least) (local.get $beta)))
      (f64.store (i32.add (local.get $best) (i32.shl (local.get $end) (i32.const 3))) (local.get $least))
      (local.set $top (f64x2.splat (local.get $least)))
      (local.set $end (i32.add (local.get $end) (i32.const 1)))
      (br_if $eachEnd (i32.lt_s (local.get $end) (local.get $count))))
    (call $traceBack (local.get $places) (local.get $lastCut) (i32.sub (local.get $count) (i32.const 1)) (local.get $cuts)))

  ;; The cuts on the way back from place `end`, ascending into `cuts`; returns how many.
  (func $traceBack (param $places i32) (param $lastCut i32) (param $end i32) (param $cuts i32) (result i32)
    (local $at i32)
    (local.set $end (i32.load (i32.add (local.get $lastCut) (i32.shl (local.get $end) (i32.const 2)))))
    (if (i32.eqz (local.get $end)) (then (return (i32.const 0))))
    (local.set $at (call $traceBack (local.get $places) (local.get $lastCut) (local.get $end) (local.get $cuts)))
    (i32.store (i32.add (local.get $cuts) (i32.shl (local.get $at) (i32.const 2)))
      (i32.load (i32.add (local.get $places) (i32.shl (local.get $end) (i32.const 2)))))
    (i32.add (local.get $at) (i32.const 1)))

  ;; Cuts into lines: on a grid of every cell, or on one of every `step` cells at a lower penalty and then at every cell near
  ;; what that proposed.
  (func $cutLines (param $grid i32) (param $step i32) (param $beta f64) (param $cuts i32) (result i32)
    (local $count i32) (local $free i32)
    (if (i32.eq (local.get $step) (i32.const 1)) (then
      (return (call $pelt
        (local.get $grid) (local.get $beta) (global.get $MIN_SEGMENT) (i32.const 0) (local.get $cuts)))))
    (local.set $count (call $pelt
      (local.get $grid) (f64.mul (global.get $COARSE_PENALTY) (local.get $beta)) (global.get $MIN_SEGMENT) (i32.const 0)
      (local.get $cuts)))
    (local.set $free (global.get $free))
    (local.set $count (call $pelt
      (call $makeNearGrid (local.get $cuts) (local.get $count) (local.get $step))
      (local.get $beta) (global.get $MIN_SEGMENT) (i32.const 0) (local.get $cuts)))
    (global.set $free (local.get $free))
    (local.get $count))

  ;; Cuts pieces at a hinge (two parameters: place and slope) where that takes more than beta off: PELT only knows cuts of three.
  (func $addKinks (param $cuts i32) (param $count i32) (param $beta f64) (param $out i32) (result i32)
    (local $from i32) (local $to i32) (local $cut i32) (local $at i32) (local $bytes i32)
    (local.set $at (local.get $out))
    (loop $eachPiece
      (local.set $to (if (result i32) (local.get $count)
        (then (i32.load (local.get $cuts)))
        (else (global.get $n))))
      (if (i32.ge_s (i32.sub (local.get $to) (local.get $from)) (i32.shl (global.get $MIN_SIDE) (i32.const 1))) (then
        (local.set $bytes (i32.shl (local.get $from) (i32.const 3)))
        (local.set $cut (i32.add (local.get $from) (call $hinge
          (i32.add (global.get $x) (local.get $bytes)) (i32.add (global.get $y) (local.get $bytes))
          (i32.add (global.get $w) (local.get $bytes)) (i32.sub (local.get $to) (local.get $from)) (i32.const 0))))
        (if (i32.and
              (f64.gt
                (f64.sub (call $costOfLine (local.get $from) (local.get $to)) (f64.load (i32.const 0)))
                (local.get $beta))
              (i32.and
                (i32.ge_s (i32.sub (local.get $cut) (local.get $from)) (global.get $MIN_SIDE))
                (i32.ge_s (i32.sub (local.get $to) (local.get $cut)) (global.get $MIN_SIDE))))
          (then
            (i32.store (local.get $at) (local.get $cut))
            (local.set $at (i32.add (local.get $at) (i32.const 4)))))))
      (if (local.get $count) (then
        (i32.store (local.get $at) (local.get $to))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))))
      (local.set $from (local.get $to))
      (local.set $cuts (i32.add (local.get $cuts) (i32.const 4)))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br_if $eachPiece (i32.ge_s (local.get $count) (i32.const 0))))
    (i32.shr_u (i32.sub (local.get $at) (local.get $out)) (i32.const 2)))

  ;; Columns x, y, w, season of n cells at `columns`; y is replaced by y - season. Straight pieces: once with a guessed kappa, then
  ;; with the measured one until that holds. kappa is the residuals' long-run variance over `variance`; second differences see
  ;; little of a slowly wandering noise. A cut costs `unit` x kappa, a kink `kinkUnit` x kappa.
  ;; Returns the address of the sums. At 0 kappa, at 8 the cuts, at 16 those of the first measured kappa.
  (func (export "fitLines") (param $columns i32) (param $n i32) (param $step i32) (param $lags i32) (param $unit f64)
    (param $kinkUnit f64) (param $variance f64) (result i32)
    (local $season i32) (local $grid i32) (local $cuts i32) (local $count i32) (local $fine i32) (local $residuals i32)
    (local $i i32) (local $bytes i32) (local $round i32) (local $kappa f64) (local $next f64)
    (local.set $bytes (i32.shl (local.get $n) (i32.const 3)))
    (call $open (local.get $columns) (local.get $n) (local.get $lags))
    (local.set $season (i32.add (global.get $w) (local.get $bytes)))
    (loop $each
      (f64.store (i32.add (global.get $y) (local.get $i)) (f64.sub
        (f64.load (i32.add (global.get $y) (local.get $i))) (f64.load (i32.add (local.get $season) (local.get $i)))))
      (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (br_if $each (i32.lt_u (local.get $i) (local.get $bytes))))
    (call $makeSums)
    (local.set $cuts (call $take (local.get $bytes)))
    (local.set $fine (call $take (local.get $bytes)))
    (local.set $residuals (call $take (local.get $bytes)))
    (local.set $grid (call $makeGrid
      (local.get $step) (i32.add (i32.sub (local.get $n) (local.get $step)) (i32.const 1)) (i32.const 1)))
    (local.set $count (call $cutLines
      (local.get $grid) (local.get $step) (f64.mul (local.get $unit) (global.get $KAPPA_FIRST)) (local.get $cuts)))
    (call $residuals (local.get $cuts) (local.get $count) (i32.const 0) (local.get $residuals))
    (local.set $kappa (call $longRunRatio (local.get $residuals) (global.get $w) (local.get $n)))
    (local.set $count (call $cutLines
      (local.get $grid) (local.get $step) (f64.mul (local.get $unit) (local.get $kappa)) (local.get $cuts)))
    (memory.copy (local.get $fine) (local.get $cuts) (i32.shl (local.get $count) (i32.const 2)))
    (i32.store (i32.const 16) (local.get $fine))
    (i32.store (i32.const 20) (local.get $count))
    (block $holds
      (loop $measure
        (br_if $holds (i32.ge_s (local.get $round) (global.get $KAPPA_ROUNDS)))
        (local.set $round (i32.add (local.get $round) (i32.const 1)))
        (call $residuals (local.get $cuts) (local.get $count) (i32.const 0) (local.get $residuals))
        (local.set $next (f64.min (global.get $KAPPA_TOTAL_MAX) (f64.div
          (call $longRunVariance (local.get $residuals) (global.get $w) (local.get $n)) (local.get $variance))))
        (br_if $holds (f64.lt (local.get $next) (f64.mul (global.get $KAPPA_GROWTH) (local.get $kappa))))
        (local.set $kappa (local.get $next))
        (local.set $count (call $cutLines
          (local.get $grid) (local.get $step) (f64.mul (local.get $unit) (local.get $kappa)) (local.get $cuts)))
        (br $measure)))
    ;; The residuals' column is free now, and wide enough for every cut and a kink in every piece.
    (i32.store (i32.const 8) (local.get $residuals))
    (i32.store (i32.const 12) (call $addKinks
      (local.get $cuts) (local.get $count) (f64.mul (local.get $kinkUnit) (local.get $kappa)) (local.get $residuals)))
    (f64.store (i32.const 0) (local.get $kappa))
    (global.get $sums))

  ;; Columns x, y, w of n cells at `columns`. Level pieces, at twice the penalty `unit` and then at the measured kappa's.
  ;; Returns the address of the sums. At 0 kappa, at 8 the cuts.
  (func (export "fitLevels") (param $columns i32) (param $n i32) (param $step i32) (param $lags i32) (param $unit f64)
    (result i32)
    (local $grid i32) (local $cuts i32) (local $residuals i32) (local $bytes i32) (local $kappa f64)
    (local.set $bytes (i32.shl (local.get $n) (i32.const 3)))
    (call $open (local.get $columns) (local.get $n) (local.get $lags))
    (call $makeSums)
    (local.set $cuts (call $take (local.get $bytes)))
    (local.set $residuals (call $take (local.get $bytes)))
    (local.set $grid (call $makeGrid (local.get $step) (i32.sub (local.get $n) (local.get $step)) (i32.const 0)))
    (call $residuals
      (local.get $cuts)
      (call $pelt
        (local.get $grid) (f64.mul (f64.const 2) (local.get $unit)) (global.get $LEVEL_MIN_SIDE) (i32.const 1)
        (local.get $cuts))
      (i32.const 1)
      (local.get $residuals))
    (local.set $kappa (call $longRunRatio (local.get $residuals) (global.get $w) (local.get $n)))
    (f64.store (i32.const 0) (local.get $kappa))
    (i32.store (i32.const 8) (local.get $cuts))
    (i32.store (i32.const 12) (call $pelt
      (local.get $grid) (f64.mul (local.get $kappa) (local.get $unit)) (global.get $LEVEL_MIN_SIDE) (i32.const 1)
      (local.get $cuts)))
    (global.get $sums))

  ;; Columns x, y, w of n cells at `columns`. The cut, at least `margin` from both ends, that leaves the two cheapest lines.
  (func (export "bestCut") (param $columns i32) (param $n i32) (param $margin i32) (result i32)
    (local $cut i32) (local $best i32) (local $cost f64) (local $least f64)
    (call $open (local.get $columns) (local.get $n) (i32.const 0))
    (call $makeSums)
    (local.set $least (f64.const inf))
    (local.set $best (local.get $margin))
    (local.set $cut (local.get $margin))
    (block $done
      (loop $each
        (br_if $done (i32.gt_s (local.get $cut) (i32.sub (local.get $n) (local.get $margin))))
        (local.set $cost (f64.add
          (call $costOfLine (i32.const 0) (local.get $cut)) (call $costOfLine (local.get $cut) (local.get $n))))
        (if (f64.lt (local.get $cost) (local.get $least)) (then
          (local.set $least (local.get $cost))
          (local.set $best (local.get $cut))))
        (local.set $cut (i32.add (local.get $cut) (i32.const 1)))
        (br $each)))
    (local.get $best))

  ;; Makes the columns x, y, w the series that is fitted.
  (func $open (param $columns i32) (param $n i32) (param $lags i32)
    (global.set $n (local.get $n))
    (global.set $lags (local.get $lags))
    (global.set $x (local.get $columns))
    (global.set $y (i32.add (global.get $x) (i32.shl (local.get $n) (i32.const 3))))
    (global.set $w (i32.add (global.get $y) (i32.shl (local.get $n) (i32.const 3)))))

  ;; ---- Hinge ----

  ;; Columns x, y, w of n cells. Returns the address of the costs of every cut; at 0 the least, at 8 its cut.
  (func (export "findHinge") (param $columns i32) (param $n i32) (result i32)
    (local $bytes i32) (local $costs i32)
    (local.set $bytes (i32.shl (local.get $n) (i32.const 3)))
    (local.set $costs (call $take (local.get $bytes)))
    (i32.store (i32.const 8) (call $hinge
      (local.get $columns)
      (i32.add (local.get $columns) (local.get $bytes))
      (i32.add (local.get $columns) (i32.shl (local.get $bytes) (i32.const 1)))
      (local.get $n)
      (local.get $costs)))
    (local.get $costs))

  ;; Least squares of y on 1, x, (x - q)+ for every q half-way between two cells, in O(n) by suffix sums. With x and y centred,
  ;; the hinge column h takes (h'r)^2 / h'Mh off the cost of the straight line, r its residuals and M the projection off (1, x).
  ;; Returns the best cut (the first cell right of the bend), its cost at 0; `costs`, unless 0, receives that of every cut
  ;; (infinite where none is allowed).
  (func $hinge (param $x i32) (param $y i32) (param $w i32) (param $n i32) (param $costs i32) (result i32)
    (local $i i32) (local $end i32) (local $cut i32) (local $best i32)
    (local $xi f64) (local $yi f64) (local $wi f64) (local $weight f64) (local $xMean f64) (local $yMean f64)
    (local $xx f64) (local $xy f64) (local $yy f64) (local $straight f64)
    (local $g0 f64) (local $g1 f64) (local $g2 f64) (local $k0 f64) (local $k1 f64)
    (local $q f64) (local $h0 f64) (local $h1 f64) (local $left f64) (local $gain f64) (local $cost f64) (local $least f64)
    (local.set $least (f64.const inf))
    (local.set $best (i32.shr_u (local.get $n) (i32.const 1)))
    (local.set $end (i32.shl (local.get $n) (i32.const 3)))
    (f64.store (i32.const 0) (local.get $least))
    (if (local.get $costs) (then
      (loop $none
        (if (i32.lt_u (local.get $i) (local.get $end)) (then
          (f64.store (i32.add (local.get $costs) (local.get $i)) (f64.const inf))
          (local.set $i (i32.add (local.get $i) (i32.const 8)))
          (br $none))))))
    (if (i32.le_s (local.get $n) (i32.shl (global.get $HINGE_MARGIN) (i32.const 1))) (then (return (local.get $best))))
    (local.set $i (i32.const 0))
    (loop $means
      (local.set $wi (f64.load (i32.add (local.get $w) (local.get $i))))
      (local.set $weight (f64.add (local.get $weight) (local.get $wi)))
      (local.set $xMean (f64.add (local.get $xMean)
        (f64.mul (local.get $wi) (f64.load (i32.add (local.get $x) (local.get $i))))))
      (local.set $yMean (f64.add (local.get $yMean)
        (f64.mul (local.get $wi) (f64.load (i32.add (local.get $y) (local.get $i))))))
      (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (br_if $means (i32.lt_u (local.get $i) (local.get $end))))
    (if (f64.le (local.get $weight) (f64.const 0)) (then (return (local.get $best))))
    (local.set $xMean (f64.div (local.get $xMean) (local.get $weight)))
    (local.set $yMean (f64.div (local.get $yMean) (local.get $weight)))
    (local.set $i (i32.const 0))
    (loop $squares
      (local.set $wi (f64.load (i32.add (local.get $w) (local.get $i))))
      (local.set $xi (f64.sub (f64.load (i32.add (local.get $x) (local.get $i))) (local.get $xMean)))
      (local.set $yi (f64.sub (f64.load (i32.add (local.get $y) (local.get $i))) (local.get $yMean)))
      (local.set $xx (f64.add (local.get $xx) (f64.mul (f64.mul (local.get $wi) (local.get $xi)) (local.get $xi))))
      (local.set $xy (f64.add (local.get $xy) (f64.mul (f64.mul (local.get $wi) (local.get $xi)) (local.get $yi))))
      (local.set $yy (f64.add (local.get $yy) (f64.mul (f64.mul (local.get $wi) (local.get $yi)) (local.get $yi))))
      (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (br_if $squares (i32.lt_u (local.get $i) (local.get $end))))
    (if (f64.le (local.get $xx) (f64.const 0)) (then (return (local.get $best))))
    ;; straight = yy - xy xy / xx
    (local.set $straight (f64.sub (local.get $yy)
      (f64.div (f64.mul (local.get $xy) (local.get $xy)) (local.get $xx))))
    (local.set $cut (i32.sub (local.get $n) (i32.const 1)))
    (loop $cuts
      (local.set $i (i32.shl (local.get $cut) (i32.const 3)))
      (local.set $wi (f64.load (i32.add (local.get $w) (local.get $i))))
      (local.set $xi (f64.sub (f64.load (i32.add (local.get $x) (local.get $i))) (local.get $xMean)))
      (local.set $yi (f64.sub (f64.load (i32.add (local.get $y) (local.get $i))) (local.get $yMean)))
      ;; g: sums of w, w x, w x x; k: sums of w y, w x y, each from the cut on
      (local.set $g0 (f64.add (local.get $g0) (local.get $wi)))
      (local.set $g1 (f64.add (local.get $g1) (f64.mul (local.get $wi) (local.get $xi))))
      (local.set $g2 (f64.add (local.get $g2) (f64.mul (f64.mul (local.get $wi) (local.get $xi)) (local.get $xi))))
      (local.set $k0 (f64.add (local.get $k0) (f64.mul (local.get $wi) (local.get $yi))))
      (local.set $k1 (f64.add (local.get $k1) (f64.mul (f64.mul (local.get $wi) (local.get $xi)) (local.get $yi))))
      (if (i32.and
            (i32.ge_s (local.get $cut) (global.get $HINGE_MARGIN))
            (i32.lt_s (local.get $cut) (i32.sub (local.get $n) (global.get $HINGE_MARGIN))))
        (then
          ;; q: half-way to the cell before
          (local.set $q (f64.div
            (f64.sub
              (f64.add (local.get $xi) (f64.load (i32.sub (i32.add (local.get $x) (local.get $i)) (i32.const 8))))
              (local.get $xMean))
            (f64.const 2)))
          (local.set $h0 (f64.sub (local.get $g1) (f64.mul (local.get $q) (local.get $g0))))
          (local.set $h1 (f64.sub (local.get $g2) (f64.mul (local.get $q) (local.get $g1))))
          ;; left = (g2 - 2 q g1 + q q g0) - h0 h0 / weight - h1 h1 / xx
          (local.set $left (f64.sub
            (f64.sub
              (f64.add
                (f64.sub (local.get $g2) (f64.mul (f64.mul (f64.const 2) (local.get $q)) (local.get $g1)))
                (f64.mul (f64.mul (local.get $q) (local.get $q)) (local.get $g0)))
              (f64.div (f64.mul (local.get $h0) (local.get $h0)) (local.get $weight)))
            (f64.div (f64.mul (local.get $h1) (local.get $h1)) (local.get $xx))))
          ;; gain = (k1 - q k0 - h1 xy / xx)^2 / left
          (local.set $gain (f64.const 0))
          (if (f64.gt (local.get $left) (f64.mul (f64.const 1e-12) (local.get $xx))) (then
            (local.set $gain (f64.sub
              (f64.sub (local.get $k1) (f64.mul (local.get $q) (local.get $k0)))
              (f64.div (f64.mul (local.get $h1) (local.get $xy)) (local.get $xx))))
            (local.set $gain (f64.div (f64.mul (local.get $gain) (local.get $gain)) (local.get $left)))))
          (local.set $cost (f64.max (f64.const 0) (f64.sub (local.get $straight) (local.get $gain))))
          (if (local.get $costs) (then
            (f64.store (i32.add (local.get $costs) (local.get $i)) (local.get $cost))))
          (if (f64.le (local.get $cost) (local.get $least)) (then
            (local.set $least (local.get $cost))
            (local.set $best (local.get $cut))))))
      (local.set $cut (i32.sub (local.get $cut) (i32.const 1)))
      (br_if $cuts (local.get $cut)))
    (f64.store (i32.const 0) (local.get $least))
    (local.get $best))

  ;; ---- Least squares ----

  ;; Solves A x = b by Cholesky's method for a symmetric positive A of size x size, of which the lower half is read, its rows
  ;; `stride` bytes apart; a ridge keeps rank-poor ones solvable. Returns what x takes off the sum of squares: x'b.
  (func $solve (param $a i32) (param $stride i32) (param $b i32) (param $size i32) (param $x i32) (result f64)
    (local $free i32) (local $l i32) (local $i i32) (local $j i32) (local $row i32) (local $at i32) (local $step i32)
    (local $end i32) (local $v f64) (local $ridge f64)
    (local.set $free (global.get $free))
    ;; Offsets in bytes from here on. Rows of L are `step` apart.
    (local.set $end (i32.shl (local.get $size) (i32.const 3)))
    (local.set $step (local.get $end))
    (local.set $l (call $take (i32.mul (local.get $step) (local.get $size))))
    ;; ridge = 1e-12 x the greatest of the diagonal
    (loop $diagonal
      (local.set $ridge (f64.max (local.get $ridge) (f64.load (i32.add (local.get $a)
        (i32.add (local.get $i) (i32.mul (i32.shr_u (local.get $i) (i32.const 3)) (local.get $stride)))))))
      (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (br_if $diagonal (i32.lt_u (local.get $i) (local.get $end))))
    (if (i32.eqz (f64.gt (local.get $ridge) (f64.const 0))) (then (local.set $ridge (f64.const 1))))
    (local.set $ridge (f64.mul (f64.const 1e-12) (local.get $ridge)))
    (call $factorise (local.get $a) (local.get $stride) (local.get $l) (local.get $end) (local.get $ridge))
    ;; L z = b, z into x
    (local.set $i (i32.const 0))
    (local.set $row (local.get $l))
    (loop $forward
      (local.set $v (f64.load (i32.add (local.get $b) (local.get $i))))
      (local.set $j (i32.const 0))
      (loop $known
        (if (i32.lt_u (local.get $j) (local.get $i)) (then
          (local.set $v (f64.sub (local.get $v) (f64.mul
            (f64.load (i32.add (local.get $row) (local.get $j))) (f64.load (i32.add (local.get $x) (local.get $j))))))
          (local.set $j (i32.add (local.get $j) (i32.const 8)))
          (br $known))))
      (f64.store (i32.add (local.get $x) (local.get $i))
        (f64.div (local.get $v) (f64.load (i32.add (local.get $row) (local.get $i)))))
      (local.set $row (i32.add (local.get $row) (local.get $step)))
      (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (br_if $forward (i32.lt_u (local.get $i) (local.get $end))))
    ;; L' x = z, in place
    (loop $back
      (local.set $row (i32.sub (local.get $row) (local.get $step)))
      (local.set $i (i32.sub (local.get $i) (i32.const 8)))
      (local.set $v (f64.load (i32.add (local.get $x) (local.get $i))))
      (local.set $j (i32.add (local.get $i) (i32.const 8)))
      (local.set $at (i32.add (local.get $row) (i32.add (local.get $i) (local.get $step))))
      (loop $known
        (if (i32.lt_u (local.get $j) (local.get $end)) (then
          (local.set $v (f64.sub (local.get $v) (f64.mul
            (f64.load (local.get $at)) (f64.load (i32.add (local.get $x) (local.get $j))))))
          (local.set $at (i32.add (local.get $at) (local.get $step)))
          (local.set $j (i32.add (local.get $j) (i32.const 8)))
          (br $known))))
      (f64.store (i32.add (local.get $x) (local.get $i))
        (f64.div (local.get $v) (f64.load (i32.add (local.get $row) (local.get $i)))))
      (br_if $back (local.get $i)))
    (global.set $free (local.get $free))
    (local.set $v (f64.const 0))
    (loop $explained
      (local.set $v (f64.add (local.get $v) (f64.mul
        (f64.load (i32.add (local.get $x) (local.get $i))) (f64.load (i32.add (local.get $b) (local.get $i))))))
      (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (br_if $explained (i32.lt_u (local.get $i) (local.get $end))))
    (local.get $v))

  ;; The lower half of L with L L' = A + ridge, rows of L `end` bytes apart.
  (func $factorise (param $a i32) (param $stride i32) (param $l i32) (param $end i32) (param $ridge f64)
    (local $i i32) (local $j i32) (local $k i32) (local $rowI i32) (local $rowJ i32) (local $v f64)
    (local.set $rowI (local.get $l))
    (loop $rows
      (local.set $j (i32.const 0))
      (local.set $rowJ (local.get $l))
      (loop $columns
        (local.set $v (f64.load (i32.add (local.get $a) (local.get $j))))
        (if (i32.eq (local.get $i) (local.get $j)) (then (local.set $v (f64.add (local.get $v) (local.get $ridge)))))
        (local.set $k (i32.const 0))
        (loop $before
          (if (i32.lt_u (local.get $k) (local.get $j)) (then
            (local.set $v (f64.sub (local.get $v) (f64.mul
              (f64.load (i32.add (local.get $rowI) (local.get $k))) (f64.load (i32.add (local.get $rowJ) (local.get $k))))))
            (local.set $k (i32.add (local.get $k) (i32.const 8)))
            (br $before))))
        (f64.store (i32.add (local.get $rowI) (local.get $j))
          (if (result f64) (i32.eq (local.get $i) (local.get $j))
            (then (f64.sqrt (f64.max (local.get $v) (local.get $ridge))))
            (else (f64.div (local.get $v) (f64.load (i32.add (local.get $rowJ) (local.get $j)))))))
        (local.set $rowJ (i32.add (local.get $rowJ) (local.get $end)))
        (local.set $j (i32.add (local.get $j) (i32.const 8)))
        (br_if $columns (i32.le_u (local.get $j) (local.get $i))))
      (local.set $a (i32.add (local.get $a) (local.get $stride)))
      (local.set $rowI (i32.add (local.get $rowI) (local.get $end)))
      (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (br_if $rows (i32.lt_u (local.get $i) (local.get $end)))))

  ;; Sum of w a b over n cells.
  (func $product (param $w i32) (param $a i32) (param $b i32) (param $n i32) (result f64)
    (local $i i32) (local $end i32) (local $sum f64)
    (local.set $end (i32.shl (local.get $n) (i32.const 3)))
    (loop $each
      (if (i32.lt_u (local.get $i) (local.get $end)) (then
        (local.set $sum (f64.add (local.get $sum) (f64.mul
          (f64.mul (f64.load (i32.add (local.get $w) (local.get $i))) (f64.load (i32.add (local.get $a) (local.get $i))))
          (f64.load (i32.add (local.get $b) (local.get $i))))))
        (local.set $i (i32.add (local.get $i) (i32.const 8)))
        (br $each))))
    (local.get $sum))

  ;; Columns y, w and `size` others of n cells. Returns the address of the coefficients of weighted least squares of y on the
  ;; others; at 0 the remaining sum of squares.
  (func (export "leastSquares") (param $columns i32) (param $n i32) (param $size i32) (result i32)
    (local $y i32) (local $w i32) (local $bytes i32) (local $stride i32) (local $gram i32) (local $rhs i32) (local $x i32)
    (local $a i32) (local $b i32) (local $column i32) (local $other i32)
    (local.set $bytes (i32.shl (local.get $n) (i32.const 3)))
    (local.set $y (local.get $columns))
    (local.set $w (i32.add (local.get $y) (local.get $bytes)))
    (local.set $columns (i32.add (local.get $w) (local.get $bytes)))
    (local.set $stride (i32.shl (local.get $size) (i32.const 3)))
    (local.set $gram (call $take (i32.mul (local.get $stride) (local.get $size))))
    (local.set $rhs (call $take (local.get $stride)))
    (local.set $x (call $take (local.get $stride)))
    (local.set $column (local.get $columns))
    (loop $rows
      (local.set $b (i32.const 0))
      (local.set $other (local.get $columns))
      (loop $half
        (f64.store
          (i32.add (local.get $gram) (i32.add (i32.mul (local.get $a) (local.get $stride)) (i32.shl (local.get $b) (i32.const 3))))
          (call $product (local.get $w) (local.get $column) (local.get $other) (local.get $n)))
        (local.set $other (i32.add (local.get $other) (local.get $bytes)))
        (local.set $b (i32.add (local.get $b) (i32.const 1)))
        (br_if $half (i32.le_u (local.get $b) (local.get $a))))
      (f64.store (i32.add (local.get $rhs) (i32.shl (local.get $a) (i32.const 3)))
        (call $product (local.get $w) (local.get $column) (local.get $y) (local.get $n)))
      (local.set $column (i32.add (local.get $column) (local.get $bytes)))
      (local.set $a (i32.add (local.get $a) (i32.const 1)))
      (br_if $rows (i32.lt_u (local.get $a) (local.get $size))))
    (f64.store (i32.const 0) (f64.max (f64.const 0) (f64.sub
      (call $product (local.get $w) (local.get $y) (local.get $y) (local.get $n))
      (call $solve (local.get $gram) (local.get $stride) (local.get $rhs) (local.get $size) (local.get $x)))))
    (local.get $x))

  ;; Columns x, y, w, hinge, cos, sin of n cells. Weighted least squares of y on 1, x, hinge, and cos and sin of one and two times
  ;; the angle: coefficients to `b`, returns the remaining sum of squares.
  (func $harmonics (param $columns i32) (param $n i32) (param $b i32) (result f64)
    (local $free i32) (local $bytes i32) (local $hinge i32) (local $cos i32) (local $row i32) (local $rhs i32) (local $gram i32)
    (local $i i32) (local $a i32) (local $at i32) (local $k i32) (local $c f64) (local $s f64) (local $y f64) (local $w f64)
    (local $yy f64) (local $wa f64) (local $pair v128)
    (local.set $free (global.get $free))
    (local.set $bytes (i32.shl (local.get $n) (i32.const 3)))
    (local.set $hinge (i32.mul (local.get $bytes) (i32.const 3)))
    (local.set $cos (i32.shl (local.get $bytes) (i32.const 2)))
    ;; One row of the seven columns, the right side, and the normal equations, rows 64 bytes apart.
    (local.set $row (call $take (i32.const 64)))
    (local.set $rhs (call $take (i32.const 64)))
    (local.set $gram (call $take (i32.const 448)))
    (memory.fill (local.get $row) (i32.const 0) (i32.const 576))
    (f64.store (local.get $row) (f64.const 1))
    (loop $cells
      (local.set $at (i32.add (local.get $columns) (local.get $i)))
      (local.set $c (f64.load (i32.add (local.get $at) (local.get $cos))))
      (local.set $s (f64.load (i32.add (local.get $at) (i32.add (local.get $cos) (local.get $bytes)))))
      (local.set $y (f64.load (i32.add (local.get $at) (local.get $bytes))))
      (local.set $w (f64.load (i32.add (local.get $at) (i32.shl (local.get $bytes) (i32.const 1)))))
      (f64.store offset=8 (local.get $row) (f64.load (local.get $at)))
      (f64.store offset=16 (local.get $row) (f64.load (i32.add (local.get $at) (local.get $hinge))))
      (f64.store offset=24 (local.get $row) (local.get $c))
      (f64.store offset=32 (local.get $row) (local.get $s))
      (f64.store offset=40 (local.get $row) (f64.sub
        (f64.mul (local.get $c) (local.get $c)) (f64.mul (local.get $s) (local.get $s))))
      (f64.store offset=48 (local.get $row) (f64.mul (f64.mul (f64.const 2) (local.get $c)) (local.get $s)))
      (local.set $yy (f64.add (local.get $yy) (f64.mul (f64.mul (local.get $w) (local.get $y)) (local.get $y))))
      (local.set $a (i32.const 0))
      (local.set $at (local.get $gram))
      (loop $rows
        (local.set $wa (f64.mul (local.get $w) (f64.load (i32.add (local.get $row) (local.get $a)))))
        (f64.store (i32.add (local.get $rhs) (local.get $a)) (f64.add
          (f64.load (i32.add (local.get $rhs) (local.get $a))) (f64.mul (local.get $wa) (local.get $y))))
        (local.set $pair (f64x2.splat (local.get $wa)))
        ;; Two at a time; one more than the lower half where that is odd.
        (local.set $k (i32.const 0))
        (loop $half
          (v128.store (i32.add (local.get $at) (local.get $k)) (f64x2.add
            (v128.load (i32.add (local.get $at) (local.get $k)))
            (f64x2.mul (local.get $pair) (v128.load (i32.add (local.get $row) (local.get $k))))))
          (local.set $k (i32.add (local.get $k) (i32.const 16)))
          (br_if $half (i32.le_u (local.get $k) (local.get $a))))
        (local.set $at (i32.add (local.get $at) (i32.const 64)))
        (local.set $a (i32.add (local.get $a) (i32.const 8)))
        (br_if $rows (i32.lt_u (local.get $a) (i32.const 56))))
      (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (br_if $cells (i32.lt_u (local.get $i) (local.get $bytes))))
    (local.set $yy (f64.sub (local.get $yy)
      (call $solve (local.get $gram) (i32.const 64) (local.get $rhs) (i32.const 7) (local.get $b))))
    (global.set $free (local.get $free))
    (f64.max (f64.const 0) (local.get $yy)))

  ;; The same; returns the address of the coefficients, at 0 the remaining sum of squares.
  (func (export "fitHarmonics") (param $columns i32) (param $n i32) (result i32)
    (local $b i32)
    (local.set $b (call $take (i32.const 64)))
    (f64.store (i32.const 0) (call $harmonics (local.get $columns) (local.get $n) (local.get $b)))
    (local.get $b))

  ;; Columns x, y, w, hinge, cos, sin, and cos and sin of the angle by which each cell turns from one fit to the next. Returns the
  ;; address of what `count` fits leave.
  (func (export "turnHarmonics") (param $columns i32) (param $n i32) (param $count i32) (result i32)
    (local $out i32) (local $to i32) (local $b i32) (local $bytes i32) (local $at i32) (local $stop i32)
    (local $sin i32) (local $dc i32) (local $ds i32) (local $c f64) (local $s f64)
    (local.set $bytes (i32.shl (local.get $n) (i32.const 3)))
    (local.set $sin (local.get $bytes))
    (local.set $dc (i32.shl (local.get $bytes) (i32.const 1)))
    (local.set $ds (i32.mul (local.get $bytes) (i32.const 3)))
    (local.set $out (call $take (i32.shl (local.get $count) (i32.const 3))))
    (local.set $b (call $take (i32.const 64)))
    (local.set $to (local.get $out))
    (block $done
      (loop $fits
        (br_if $done (i32.eqz (local.get $count)))
        (f64.store (local.get $to) (call $harmonics (local.get $columns) (local.get $n) (local.get $b)))
        (local.set $to (i32.add (local.get $to) (i32.const 8)))
        ;; cos = c dc - s ds, sin = s dc + c ds
        (local.set $at (i32.add (local.get $columns) (i32.shl (local.get $bytes) (i32.const 2))))
        (local.set $stop (i32.add (local.get $at) (local.get $bytes)))
        (loop $cells
          (local.set $c (f64.load (local.get $at)))
          (local.set $s (f64.load (i32.add (local.get $at) (local.get $sin))))
          (f64.store (local.get $at) (f64.sub
            (f64.mul (local.get $c) (f64.load (i32.add (local.get $at) (local.get $dc))))
            (f64.mul (local.get $s) (f64.load (i32.add (local.get $at) (local.get $ds))))))
          (f64.store (i32.add (local.get $at) (local.get $sin)) (f64.add
            (f64.mul (local.get $s) (f64.load (i32.add (local.get $at) (local.get $dc))))
            (f64.mul (local.get $c) (f64.load (i32.add (local.get $at) (local.get $ds))))))
          (local.set $at (i32.add (local.get $at) (i32.const 8)))
          (br_if $cells (i32.lt_u (local.get $at) (local.get $stop))))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $fits)))
    (local.get $out))

  ;; Columns x, y, w of n cells, then `count` rates g. Least squares of y on 1, x (from the first one's, if `sloped`) and
  ;; (exp(g (x - x0)+) - 1) / g, for x0 the x of cells first, first + step ... below `last`, and every rate. Returns the address of
  ;; four f64s each, rate by rate for cell after cell: the three coefficients, the remaining sum of squares.
  (func (export "fitCurves") (param $columns i32) (param $n i32) (param $first i32) (param $last i32) (param $step i32)
    (param $count i32) (param $sloped i32) (result i32)
    (local $out i32) (local $to i32) (local $bytes i32) (local $rates i32) (local $k i32)
    (local.set $bytes (i32.shl (local.get $n) (i32.const 3)))
    (local.set $rates (i32.add (local.get $columns) (i32.mul (local.get $bytes) (i32.const 3))))
    (if (i32.ge_s (local.get $first) (local.get $last)) (then (return (i32.const 0))))
    (local.set $out (call $take (i32.shl
      (i32.mul
        (i32.add (i32.div_u (i32.sub (local.get $last) (local.get $first)) (local.get $step)) (i32.const 1))
        (local.get $count))
      (i32.const 5))))
    (local.set $to (local.get $out))
    (loop $places
      (local.set $k (i32.const 0))
      (loop $eachRate
        (f64.store offset=24 (local.get $to) (call $curve
          (local.get $columns) (local.get $bytes)
          (f64.load (i32.add (local.get $columns) (i32.shl (local.get $first) (i32.const 3))))
          (f64.load (i32.add (local.get $rates) (i32.shl (local.get $k) (i32.const 3))))
          (local.get $sloped) (local.get $to)))
        (local.set $to (i32.add (local.get $to) (i32.const 32)))
        (local.set $k (i32.add (local.get $k) (i32.const 1)))
        (br_if $eachRate (i32.lt_u (local.get $k) (local.get $count))))
      (local.set $first (i32.add (local.get $first) (local.get $step)))
      (br_if $places (i32.lt_s (local.get $first) (local.get $last))))
    (local.get $out))

  ;; One of them: coefficients to `b`, returns the remaining sum of squares.
  (func $curve (param $columns i32) (param $bytes i32) (param $x0 f64) (param $rate f64) (param $sloped i32) (param $b i32)
    (result f64)
    (local $free i32) (local $gram i32) (local $end i32) (local $x f64) (local $y f64) (local $w f64) (local $e f64)
    (local $origin f64) (local $wx f64) (local $we f64)
    (local $sw f64) (local $swx f64) (local $swxx f64) (local $swe f64) (local $swex f64) (local $swee f64)
    (local $swy f64) (local $swxy f64) (local $swey f64) (local $yy f64)
    (local.set $end (i32.add (local.get $columns) (local.get $bytes)))
    (local.set $origin (f64.load (local.get $columns)))
    (loop $cells
      (local.set $w (f64.load (i32.add (local.get $columns) (i32.shl (local.get $bytes) (i32.const 1)))))
      (if (f64.gt (local.get $w) (f64.const 0)) (then
        (local.set $x (f64.load (local.get $columns)))
        (local.set $y (f64.load (i32.add (local.get $columns) (local.get $bytes))))
        ;; e = (exp(g (x - x0)) - 1) / g
        (local.set $e (f64.sub (local.get $x) (local.get $x0)))
        (if (f64.gt (local.get $e) (f64.const 0))
          (then (local.set $e (f64.div (call $expm1 (f64.mul (local.get $rate) (local.get $e))) (local.get $rate))))
          (else (local.set $e (f64.const 0))))
        (local.set $x (if (result f64) (local.get $sloped)
          (then (f64.sub (local.get $x) (local.get $origin)))
          (else (f64.const 0))))
        (local.set $wx (f64.mul (local.get $w) (local.get $x)))
        (local.set $we (f64.mul (local.get $w) (local.get $e)))
        (local.set $sw (f64.add (local.get $sw) (local.get $w)))
        (local.set $swx (f64.add (local.get $swx) (local.get $wx)))
        (local.set $swxx (f64.add (local.get $swxx) (f64.mul (local.get $wx) (local.get $x))))
        (local.set $swe (f64.add (local.get $swe) (local.get $we)))
        (local.set $swex (f64.add (local.get $swex) (f64.mul (local.get $we) (local.get $x))))
        (local.set $swee (f64.add (local.get $swee) (f64.mul (local.get $we) (local.get $e))))
        (local.set $swxy (f64.add (local.get $swxy) (f64.mul (local.get $wx) (local.get $y))))
        (local.set $swey (f64.add (local.get $swey) (f64.mul (local.get $we) (local.get $y))))
        (local.set $e (f64.mul (local.get $w) (local.get $y)))
        (local.set $swy (f64.add (local.get $swy) (local.get $e)))
        (local.set $yy (f64.add (local.get $yy) (f64.mul (local.get $e) (local.get $y))))))
      (local.set $columns (i32.add (local.get $columns) (i32.const 8)))
      (br_if $cells (i32.lt_u (local.get $columns) (local.get $end))))
    (local.set $free (global.get $free))
    (local.set $gram (call $take (i32.const 96)))
    (f64.store (local.get $gram) (local.get $sw))
    (f64.store offset=24 (local.get $gram) (local.get $swx))
    (f64.store offset=32 (local.get $gram) (local.get $swxx))
    (f64.store offset=48 (local.get $gram) (local.get $swe))
    (f64.store offset=56 (local.get $gram) (local.get $swex))
    (f64.store offset=64 (local.get $gram) (local.get $swee))
    (f64.store offset=72 (local.get $gram) (local.get $swy))
    (f64.store offset=80 (local.get $gram) (local.get $swxy))
    (f64.store offset=88 (local.get $gram) (local.get $swey))
    (local.set $yy (f64.sub (local.get $yy) (call $solve
      (local.get $gram) (i32.const 24) (i32.add (local.get $gram) (i32.const 72)) (i32.const 3) (local.get $b))))
    (global.set $free (local.get $free))
    (f64.max (f64.const 0) (local.get $yy)))

  ;; ---- Cells ----

  ;; Joins neighbours among n cells of the store whose joint length in time is at most `share` x their age, the share growing
  ;; until `most` cells are left. Returns how many are; at 0 the share.
  (func (export "compact") (param $cells i32) (param $n i32) (param $share f64) (param $most i32) (result i32)
    (local.set $n (call $join (local.get $cells) (local.get $n) (local.get $share)))
    (loop $more
      (if (i32.gt_s (local.get $n) (local.get $most)) (then
        (local.set $share (f64.mul (local.get $share) (f64.const 1.1)))
        (local.set $n (call $join (local.get $cells) (local.get $n) (local.get $share)))
        (br $more))))
    (f64.store (i32.const 0) (local.get $share))
    (local.get $n))

  (func $join (param $cells i32) (param $n i32) (param $share f64) (result i32)
    (local $from i32) (local $to i32) (local $end i32) (local $now f64) (local $start f64)
    (local.set $from (local.get $cells))
    (local.set $to (local.get $cells))
    (local.set $end (i32.add (local.get $cells) (i32.shl (local.get $n) (i32.const 6))))
    (local.set $now (f64.load (i32.sub (local.get $end) (i32.const 24))))
    (loop $each
      (v128.store (local.get $to) (v128.load (local.get $from)))
      (v128.store offset=16 (local.get $to) (v128.load offset=16 (local.get $from)))
      (v128.store offset=32 (local.get $to) (v128.load offset=32 (local.get $from)))
      (v128.store offset=48 (local.get $to) (v128.load offset=48 (local.get $from)))
      (local.set $start (f64.load offset=40 (local.get $to)))
      (block $full
        (loop $neighbours
          (local.set $from (i32.add (local.get $from) (i32.const 64)))
          ;; The joint cell would end where the one after it begins (64 + 40 bytes on).
          (br_if $full (i32.ge_u (i32.add (local.get $from) (i32.const 64)) (local.get $end)))
          (br_if $full (i32.eqz (f64.le
            (f64.sub (f64.load offset=104 (local.get $from)) (local.get $start))
            (f64.mul (local.get $share) (f64.sub (local.get $now) (f64.load offset=104 (local.get $from)))))))
          (v128.store (local.get $to) (f64x2.add (v128.load (local.get $to)) (v128.load (local.get $from))))
          (v128.store offset=16 (local.get $to)
            (f64x2.add (v128.load offset=16 (local.get $to)) (v128.load offset=16 (local.get $from))))
          (f64.store offset=32 (local.get $to)
            (f64.add (f64.load offset=32 (local.get $to)) (f64.load offset=32 (local.get $from))))
          (br $neighbours)))
      (local.set $to (i32.add (local.get $to) (i32.const 64)))
      (br_if $each (i32.lt_u (local.get $from) (local.get $end))))
    (i32.shr_u (i32.sub (local.get $to) (local.get $cells)) (i32.const 6)))

  ;; Means of n cells of the store: of the oldest `old` in groups of `step`, of the others one by one. Returns the address of four
  ;; columns: t, y, points, load (NaN where there was none); at 8 the first cell of each.
  (func (export "means") (param $cells i32) (param $n i32) (param $old i32) (param $step i32) (result i32)
    (local $out i32) (local $first i32) (local $count i32) (local $bytes i32) (local $at i32) (local $i i32) (local $stop i32)
    (local $size f64) (local $t f64) (local $y f64) (local $load f64) (local $loads f64)
    ;; (old + step - 1) / step groups
    (local.set $count (i32.add
      (i32.div_u (i32.sub (i32.add (local.get $old) (local.get $step)) (i32.const 1)) (local.get $step))
      (i32.sub (local.get $n) (local.get $old))))
    (local.set $bytes (i32.shl (local.get $count) (i32.const 3)))
    (local.set $out (call $take (i32.shl (local.get $bytes) (i32.const 2))))
    (local.set $first (call $take (local.get $bytes)))
    (i32.store (i32.const 8) (local.get $first))
    (i32.store (i32.const 12) (local.get $count))
    (local.set $at (local.get $out))
    (block $done
      (loop $each
        (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
        (i32.store (local.get $first) (local.get $i))
        (local.set $first (i32.add (local.get $first) (i32.const 4)))
        (local.set $stop (i32.add (local.get $i) (i32.const 1)))
        (if (i32.lt_u (local.get $i) (local.get $old)) (then
          (local.set $stop (i32.add (local.get $i) (local.get $step)))
          (if (i32.gt_u (local.get $stop) (local.get $old)) (then (local.set $stop (local.get $old))))))
        (local.set $size (f64.const 0))
        (local.set $t (f64.const 0))
        (local.set $y (f64.const 0))
        (local.set $load (f64.const 0))
        (local.set $loads (f64.const 0))
        (loop $group
          (local.set $size (f64.add (local.get $size) (f64.load (local.get $cells))))
          (local.set $t (f64.add (local.get $t) (f64.load offset=8 (local.get $cells))))
          (local.set $y (f64.add (local.get $y) (f64.load offset=16 (local.get $cells))))
          (local.set $load (f64.add (local.get $load) (f64.load offset=24 (local.get $cells))))
          (local.set $loads (f64.add (local.get $loads) (f64.load offset=32 (local.get $cells))))
          (local.set $cells (i32.add (local.get $cells) (i32.const 64)))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if $group (i32.lt_u (local.get $i) (local.get $stop))))
        (f64.store (local.get $at) (f64.div (local.get $t) (local.get $size)))
        (f64.store (i32.add (local.get $at) (local.get $bytes)) (f64.div (local.get $y) (local.get $size)))
        (f64.store (i32.add (local.get $at) (i32.shl (local.get $bytes) (i32.const 1))) (local.get $size))
        (f64.store
          (i32.add (local.get $at) (i32.mul (local.get $bytes) (i32.const 3)))
          (if (result f64) (f64.gt (local.get $loads) (f64.const 0))
            (then (f64.div (local.get $load) (local.get $loads)))
            (else (f64.const nan))))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (br $each)))
    (local.get $out))

  ;; ---- Screen ----

  ;; Columns t, y of n cells. The moving average of what the cells from `from` on differ from a line (`slope` from `level` at t_0);
  ;; at 0 the farthest from 0 that it ever was before the `newest`.
  (func (export "chart") (param $columns i32) (param $n i32) (param $from i32) (param $newest i32) (param $level f64)
    (param $slope f64) (result f64)
    (local $y i32) (local $i i32) (local $end i32) (local $quiet i32) (local $first f64) (local $average f64) (local $record f64)
    (local.set $end (i32.shl (local.get $n) (i32.const 3)))
    (local.set $y (i32.add (local.get $columns) (local.get $end)))
    (local.set $i (i32.shl (local.get $from) (i32.const 3)))
    (local.set $quiet (i32.shl (i32.sub (local.get $n) (local.get $newest)) (i32.const 3)))
    (local.set $first (f64.load (local.get $columns)))
    (loop $each
      (if (i32.lt_s (local.get $i) (local.get $end)) (then
        ;; average += lambda (y - level - slope (t - t_0) - average)
        (local.set $average (f64.add (local.get $average) (f64.mul (global.get $SCREEN_LAMBDA)
          (f64.sub
            (f64.sub
              (f64.sub (f64.load (i32.add (local.get $y) (local.get $i))) (local.get $level))
              (f64.mul (local.get $slope)
                (f64.sub (f64.load (i32.add (local.get $columns) (local.get $i))) (local.get $first))))
            (local.get $average)))))
        (if (i32.lt_s (local.get $i) (local.get $quiet)) (then
          (local.set $record (f64.max (local.get $record) (f64.abs (local.get $average))))))
        (local.set $i (i32.add (local.get $i) (i32.const 8)))
        (br $each))))
    (f64.store (i32.const 0) (local.get $record))
    (local.get $average)))
