;; In: the series that is fitted. Out: its sums, the cost of a line over any stretch of it, what lines and levels leave.

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
