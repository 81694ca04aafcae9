;; In: values, residuals. Out: the scale of their noise, the ratio of its long-run variance to it.

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
