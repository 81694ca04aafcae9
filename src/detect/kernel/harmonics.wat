;; In: a series, a trend, angles. Out: least squares of a season of two harmonics, for one angle or many.

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
