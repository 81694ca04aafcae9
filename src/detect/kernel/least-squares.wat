;; In: columns, weights. Out: coefficients and what they leave.

;; Solves A x = b by Cholesky's method for a symmetric positive A of size x size, of which the lower half is read, its rows
;; `stride` bytes apart; a ridge keeps rank-poor ones solvable. Returns what x takes off the sum of squares: x'b.
(func $solve (param $a i32) (param $stride i32) (param $b i32) (param $size i32) (param $x i32) (result f64)
  (local $free i32) (local $l i32) (local $i i32) (local $j i32) (local $row i32) (local $at i32) (local $step i32)
  (local $end i32) (local $v f64) (local $ridge f64)
  (local.set $free (global.get $free))
  ;; Offsets in bytes from here on. Rows of L are `step` apart.
  (local.set $end (i32.shl (local.get $size) (i32.const 3)))
  (local.set $step (local.get $end))
  (local.set $l (call $take (i32.mul (local.get $step) (local.get $size))))
  ;; ridge = 1e-12 x the greatest of the diagonal
  (loop $diagonal
    (local.set $ridge (f64.max (local.get $ridge) (f64.load (i32.add (local.get $a)
      (i32.add (local.get $i) (i32.mul (i32.shr_u (local.get $i) (i32.const 3)) (local.get $stride)))))))
    (local.set $i (i32.add (local.get $i) (i32.const 8)))
    (br_if $diagonal (i32.lt_u (local.get $i) (local.get $end))))
  (if (i32.eqz (f64.gt (local.get $ridge) (f64.const 0))) (then (local.set $ridge (f64.const 1))))
  (local.set $ridge (f64.mul (f64.const 1e-12) (local.get $ridge)))
  (call $factorise (local.get $a) (local.get $stride) (local.get $l) (local.get $end) (local.get $ridge))
  ;; L z = b, z into x
  (local.set $i (i32.const 0))
  (local.set $row (local.get $l))
  (loop $forward
    (local.set $v (f64.load (i32.add (local.get $b) (local.get $i))))
    (local.set $j (i32.const 0))
    (loop $known
      (if (i32.lt_u (local.get $j) (local.get $i)) (then
        (local.set $v (f64.sub (local.get $v) (f64.mul
          (f64.load (i32.add (local.get $row) (local.get $j))) (f64.load (i32.add (local.get $x) (local.get $j))))))
        (local.set $j (i32.add (local.get $j) (i32.const 8)))
        (br $known))))
    (f64.store (i32.add (local.get $x) (local.get $i))
      (f64.div (local.get $v) (f64.load (i32.add (local.get $row) (local.get $i)))))
    (local.set $row (i32.add (local.get $row) (local.get $step)))
    (local.set $i (i32.add (local.get $i) (i32.const 8)))
    (br_if $forward (i32.lt_u (local.get $i) (local.get $end))))
  ;; L' x = z, in place
  (loop $back
    (local.set $row (i32.sub (local.get $row) (local.get $step)))
    (local.set $i (i32.sub (local.get $i) (i32.const 8)))
    (local.set $v (f64.load (i32.add (local.get $x) (local.get $i))))
    (local.set $j (i32.add (local.get $i) (i32.const 8)))
    (local.set $at (i32.add (local.get $row) (i32.add (local.get $i) (local.get $step))))
    (loop $known
      (if (i32.lt_u (local.get $j) (local.get $end)) (then
        (local.set $v (f64.sub (local.get $v) (f64.mul
          (f64.load (local.get $at)) (f64.load (i32.add (local.get $x) (local.get $j))))))
        (local.set $at (i32.add (local.get $at) (local.get $step)))
        (local.set $j (i32.add (local.get $j) (i32.const 8)))
        (br $known))))
    (f64.store (i32.add (local.get $x) (local.get $i))
      (f64.div (local.get $v) (f64.load (i32.add (local.get $row) (local.get $i)))))
    (br_if $back (local.get $i)))
  (global.set $free (local.get $free))
  (local.set $v (f64.const 0))
  (loop $explained
    (local.set $v (f64.add (local.get $v) (f64.mul
      (f64.load (i32.add (local.get $x) (local.get $i))) (f64.load (i32.add (local.get $b) (local.get $i))))))
    (local.set $i (i32.add (local.get $i) (i32.const 8)))
    (br_if $explained (i32.lt_u (local.get $i) (local.get $end))))
  (local.get $v))

;; The lower half of L with L L' = A + ridge, rows of L `end` bytes apart.
(func $factorise (param $a i32) (param $stride i32) (param $l i32) (param $end i32) (param $ridge f64)
  (local $i i32) (local $j i32) (local $k i32) (local $rowI i32) (local $rowJ i32) (local $v f64)
  (local.set $rowI (local.get $l))
  (loop $rows
    (local.set $j (i32.const 0))
    (local.set $rowJ (local.get $l))
    (loop $columns
      (local.set $v (f64.load (i32.add (local.get $a) (local.get $j))))
      (if (i32.eq (local.get $i) (local.get $j)) (then (local.set $v (f64.add (local.get $v) (local.get $ridge)))))
      (local.set $k (i32.const 0))
      (loop $before
        (if (i32.lt_u (local.get $k) (local.get $j)) (then
          (local.set $v (f64.sub (local.get $v) (f64.mul
            (f64.load (i32.add (local.get $rowI) (local.get $k))) (f64.load (i32.add (local.get $rowJ) (local.get $k))))))
          (local.set $k (i32.add (local.get $k) (i32.const 8)))
          (br $before))))
      (f64.store (i32.add (local.get $rowI) (local.get $j))
        (if (result f64) (i32.eq (local.get $i) (local.get $j))
          (then (f64.sqrt (f64.max (local.get $v) (local.get $ridge))))
          (else (f64.div (local.get $v) (f64.load (i32.add (local.get $rowJ) (local.get $j)))))))
      (local.set $rowJ (i32.add (local.get $rowJ) (local.get $end)))
      (local.set $j (i32.add (local.get $j) (i32.const 8)))
      (br_if $columns (i32.le_u (local.get $j) (local.get $i))))
    (local.set $a (i32.add (local.get $a) (local.get $stride)))
    (local.set $rowI (i32.add (local.get $rowI) (local.get $end)))
    (local.set $i (i32.add (local.get $i) (i32.const 8)))
    (br_if $rows (i32.lt_u (local.get $i) (local.get $end)))))

;; Sum of w a b over n cells.
(func $product (param $w i32) (param $a i32) (param $b i32) (param $n i32) (result f64)
  (local $i i32) (local $end i32) (local $sum f64)
  (local.set $end (i32.shl (local.get $n) (i32.const 3)))
  (loop $each
    (if (i32.lt_u (local.get $i) (local.get $end)) (then
      (local.set $sum (f64.add (local.get $sum) (f64.mul
        (f64.mul (f64.load (i32.add (local.get $w) (local.get $i))) (f64.load (i32.add (local.get $a) (local.get $i))))
        (f64.load (i32.add (local.get $b) (local.get $i))))))
      (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (br $each))))
  (local.get $sum))

;; Columns y, w and `size` others of n cells. Returns the address of the coefficients of weighted least squares of y on the
;; others; at 0 the remaining sum of squares.
(func (export "leastSquares") (param $columns i32) (param $n i32) (param $size i32) (result i32)
  (local $y i32) (local $w i32) (local $bytes i32) (local $stride i32) (local $gram i32) (local $rhs i32) (local $x i32)
  (local $a i32) (local $b i32) (local $column i32) (local $other i32)
  (local.set $bytes (i32.shl (local.get $n) (i32.const 3)))
  (local.set $y (local.get $columns))
  (local.set $w (i32.add (local.get $y) (local.get $bytes)))
  (local.set $columns (i32.add (local.get $w) (local.get $bytes)))
  (local.set $stride (i32.shl (local.get $size) (i32.const 3)))
  (local.set $gram (call $take (i32.mul (local.get $stride) (local.get $size))))
  (local.set $rhs (call $take (local.get $stride)))
  (local.set $x (call $take (local.get $stride)))
  (local.set $column (local.get $columns))
  (loop $rows
    (local.set $b (i32.const 0))
    (local.set $other (local.get $columns))
    (loop $half
      (f64.store
        (i32.add (local.get $gram) (i32.add (i32.mul (local.get $a) (local.get $stride)) (i32.shl (local.get $b) (i32.const 3))))
        (call $product (local.get $w) (local.get $column) (local.get $other) (local.get $n)))
      (local.set $other (i32.add (local.get $other) (local.get $bytes)))
      (local.set $b (i32.add (local.get $b) (i32.const 1)))
      (br_if $half (i32.le_u (local.get $b) (local.get $a))))
    (f64.store (i32.add (local.get $rhs) (i32.shl (local.get $a) (i32.const 3)))
      (call $product (local.get $w) (local.get $column) (local.get $y) (local.get $n)))
    (local.set $column (i32.add (local.get $column) (local.get $bytes)))
    (local.set $a (i32.add (local.get $a) (i32.const 1)))
    (br_if $rows (i32.lt_u (local.get $a) (local.get $size))))
  (f64.store (i32.const 0) (f64.max (f64.const 0) (f64.sub
    (call $product (local.get $w) (local.get $y) (local.get $y) (local.get $n))
    (call $solve (local.get $gram) (local.get $stride) (local.get $rhs) (local.get $size) (local.get $x)))))
  (local.get $x))
