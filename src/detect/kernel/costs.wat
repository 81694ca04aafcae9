;; In: places where pieces may begin and end. Out: a grid of them, and what the pieces between them cost.

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
