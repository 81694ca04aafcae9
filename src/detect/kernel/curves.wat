;; In: a series, onsets and rates. Out: least squares of a line and an exponential from the onset on.

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
