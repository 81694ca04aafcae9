;; In: a series. Out: its straight or level pieces, whole: cuts, the noise that they leave, cuts again.

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
