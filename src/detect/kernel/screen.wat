;; In: the newest cells and the last line. Out: how far they have moved away from it.

;; Columns t, y of n cells. The moving average of what the cells from `from` on differ from a line (`slope` from `level` at t_0);
;; at 0 the farthest from 0 that it ever was before the `newest`.
(func (export "chart") (param $columns i32) (param $n i32) (param $from i32) (param $newest i32) (param $level f64)
  (param $slope f64) (result f64)
  (local $y i32) (local $i i32) (local $end i32) (local $quiet i32) (local $first f64) (local $average f64) (local $record f64)
  (local.set $end (i32.shl (local.get $n) (i32.const 3)))
  (local.set $y (i32.add (local.get $columns) (local.get $end)))
  (local.set $i (i32.shl (local.get $from) (i32.const 3)))
  (local.set $quiet (i32.shl (i32.sub (local.get $n) (local.get $newest)) (i32.const 3)))
  (local.set $first (f64.load (local.get $columns)))
  (loop $each
    (if (i32.lt_s (local.get $i) (local.get $end)) (then
      ;; average += lambda (y - level - slope (t - t_0) - average)
      (local.set $average (f64.add (local.get $average) (f64.mul (global.get $SCREEN_LAMBDA)
        (f64.sub
          (f64.sub
            (f64.sub (f64.load (i32.add (local.get $y) (local.get $i))) (local.get $level))
            (f64.mul (local.get $slope)
              (f64.sub (f64.load (i32.add (local.get $columns) (local.get $i))) (local.get $first))))
          (local.get $average)))))
      (if (i32.lt_s (local.get $i) (local.get $quiet)) (then
        (local.set $record (f64.max (local.get $record) (f64.abs (local.get $average))))))
      (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (br $each))))
  (f64.store (i32.const 0) (local.get $record))
  (local.get $average))
