;; In: a series. Out: where the best broken line bends, and what a bend anywhere would cost.

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
