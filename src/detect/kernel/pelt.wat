;; In: a grid, a penalty. Out: the cuts of the cheapest pieces (Killick, Fearnhead & Eckley 2012).

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
