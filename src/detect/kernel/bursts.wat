;; In: values and their noise. Out: running medians, the bursts that leave them, weights without those.

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
