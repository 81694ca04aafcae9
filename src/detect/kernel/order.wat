;; In: numbers. Out: them in order, as far as it is asked for: the k-th smallest, the median.

;; Puts what is smaller than the pivot before what is greater, in [lo, hi]; returns where the greater ones begin and where the
;; smaller ones end.
(func $partition (param $lo i32) (param $hi i32) (param $pivot f64) (result i32 i32)
  (local $value f64)
  (loop $swaps
    (loop $up
      (if (f64.lt (f64.load (local.get $lo)) (local.get $pivot)) (then
        (local.set $lo (i32.add (local.get $lo) (i32.const 8)))
        (br $up))))
    (loop $down
      (if (f64.lt (local.get $pivot) (f64.load (local.get $hi))) (then
        (local.set $hi (i32.sub (local.get $hi) (i32.const 8)))
        (br $down))))
    (if (i32.le_s (local.get $lo) (local.get $hi)) (then
      (local.set $value (f64.load (local.get $lo)))
      (f64.store (local.get $lo) (f64.load (local.get $hi)))
      (f64.store (local.get $hi) (local.get $value))
      (local.set $lo (i32.add (local.get $lo) (i32.const 8)))
      (local.set $hi (i32.sub (local.get $hi) (i32.const 8)))
      (br_if $swaps (i32.le_s (local.get $lo) (local.get $hi))))))
  (local.get $lo)
  (local.get $hi))

;; The k-th smallest of n values, put in its place: nothing greater before it, nothing smaller behind.
(func $select (param $values i32) (param $n i32) (param $k i32) (result f64)
  (local $lo i32) (local $hi i32) (local $at i32) (local $i i32) (local $j i32)
  (local.set $lo (local.get $values))
  (local.set $hi (i32.add (local.get $values) (i32.shl (i32.sub (local.get $n) (i32.const 1)) (i32.const 3))))
  (local.set $at (i32.add (local.get $values) (i32.shl (local.get $k) (i32.const 3))))
  (loop $narrow
    (if (i32.lt_s (local.get $lo) (local.get $hi)) (then
      (call $partition (local.get $lo) (local.get $hi) (f64.load (local.get $at)))
      (local.set $j)
      (local.set $i)
      (if (i32.lt_s (local.get $j) (local.get $at)) (then (local.set $lo (local.get $i))))
      (if (i32.lt_s (local.get $at) (local.get $i)) (then (local.set $hi (local.get $j))))
      (br $narrow))))
  (f64.load (local.get $at)))

;; Ascending, from address `lo` to `hi` (inclusive): halves, then insertion.
(func $sort (param $lo i32) (param $hi i32)
  (local $i i32) (local $j i32) (local $value f64)
  (loop $halves
    (if (i32.gt_s (i32.sub (local.get $hi) (local.get $lo)) (i32.const 96)) (then
      (call $partition (local.get $lo) (local.get $hi) (f64.load (i32.add (local.get $lo)
        (i32.and (i32.shr_u (i32.sub (local.get $hi) (local.get $lo)) (i32.const 1)) (i32.const -8)))))
      (local.set $j)
      (local.set $i)
      ;; The shorter one by a call: few calls lie within each other.
      (if (i32.lt_s (i32.sub (local.get $hi) (local.get $i)) (i32.sub (local.get $j) (local.get $lo)))
        (then
          (call $sort (local.get $i) (local.get $hi))
          (local.set $hi (local.get $j)))
        (else
          (call $sort (local.get $lo) (local.get $j))
          (local.set $lo (local.get $i))))
      (br $halves))))
  (local.set $i (local.get $lo))
  (block $done
    (loop $each
      (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (br_if $done (i32.gt_s (local.get $i) (local.get $hi)))
      (local.set $value (f64.load (local.get $i)))
      (local.set $j (local.get $i))
      (block $placed
        (loop $shift
          (br_if $placed (i32.le_s (local.get $j) (local.get $lo)))
          (br_if $placed (f64.le (f64.load (i32.sub (local.get $j) (i32.const 8))) (local.get $value)))
          (f64.store (local.get $j) (f64.load (i32.sub (local.get $j) (i32.const 8))))
          (local.set $j (i32.sub (local.get $j) (i32.const 8)))
          (br $shift)))
      (f64.store (local.get $j) (local.get $value))
      (br $each))))

;; Middle value (mean of the two middle ones of an even count), 0 of none; puts the values in another order.
(func $median (export "median") (param $values i32) (param $n i32) (result f64)
  (local $upper f64) (local $below f64) (local $at i32)
  (if (i32.eqz (local.get $n)) (then (return (f64.const 0))))
  (local.set $upper (call $select (local.get $values) (local.get $n) (i32.shr_u (local.get $n) (i32.const 1))))
  (if (i32.and (local.get $n) (i32.const 1)) (then (return (local.get $upper))))
  (local.set $at (i32.add (local.get $values) (i32.shl (i32.shr_u (local.get $n) (i32.const 1)) (i32.const 3))))
  (local.set $below (f64.load (i32.sub (local.get $at) (i32.const 8))))
  (loop $greatest
    (local.set $at (i32.sub (local.get $at) (i32.const 8)))
    (if (i32.ge_s (local.get $at) (local.get $values)) (then
      (if (f64.gt (f64.load (local.get $at)) (local.get $below)) (then (local.set $below (f64.load (local.get $at)))))
      (br $greatest))))
  (f64.div (f64.add (local.get $below) (local.get $upper)) (f64.const 2)))

;; The k-th smallest absolute value; replaces the values by theirs.
(func (export "selectAbsolute") (param $values i32) (param $n i32) (param $k i32) (result f64)
  (call $makeAbsolute (local.get $values) (local.get $n) (f64.const 0))
  (call $select (local.get $values) (local.get $n) (local.get $k)))

;; |v - centre| in place of every v.
(func $makeAbsolute (param $values i32) (param $n i32) (param $centre f64)
  (local $end i32)
  (local.set $end (i32.add (local.get $values) (i32.shl (local.get $n) (i32.const 3))))
  (loop $each
    (if (i32.lt_u (local.get $values) (local.get $end)) (then
      (f64.store (local.get $values) (f64.abs (f64.sub (f64.load (local.get $values)) (local.get $centre))))
      (local.set $values (i32.add (local.get $values) (i32.const 8)))
      (br $each)))))
