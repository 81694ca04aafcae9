;; The loops of the detector over all cells of a series, at full speed from the first call: a short run is over before a
;; compiler has made the same loops of JavaScript fast. Every operation is the IEEE one that JavaScript would do, in one fixed
;; order, so that results are the same to the last bit on every machine.
;;
;; Who is followed where: PELT (Killick, Fearnhead & Eckley 2012) in $pelt; FIND (Hoare 1961, Algorithm 65) in $select; Bartlett's
;; weights (Newey & West 1987) in $longRunRatio; a hinge by suffix sums (Hinkley 1969) in $hinge; an exponentially weighted
;; moving average chart (Roberts 1959) in $chart; harmonics on uneven times (Lomb 1976; Scargle 1982) in $harmonics.
;;
;; Imports and globals are here, functions in the other .wat files of this folder: scripts/build-wasm.ts makes one module of them.
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
