;; In: cells of the store. Out: fewer cells, or means of groups of them.

;; Joins neighbours among n cells of the store whose joint length in time is at most `share` x their age, the share growing
;; until `most` cells are left. Returns how many are; at 0 the share.
(func (export "compact") (param $cells i32) (param $n i32) (param $share f64) (param $most i32) (result i32)
  (local.set $n (call $join (local.get $cells) (local.get $n) (local.get $share)))
  (loop $more
    (if (i32.gt_s (local.get $n) (local.get $most)) (then
      (local.set $share (f64.mul (local.get $share) (f64.const 1.1)))
      (local.set $n (call $join (local.get $cells) (local.get $n) (local.get $share)))
      (br $more))))
  (f64.store (i32.const 0) (local.get $share))
  (local.get $n))

(func $join (param $cells i32) (param $n i32) (param $share f64) (result i32)
  (local $from i32) (local $to i32) (local $end i32) (local $now f64) (local $start f64)
  (local.set $from (local.get $cells))
  (local.set $to (local.get $cells))
  (local.set $end (i32.add (local.get $cells) (i32.shl (local.get $n) (i32.const 6))))
  (local.set $now (f64.load (i32.sub (local.get $end) (i32.const 24))))
  (loop $each
    (v128.store (local.get $to) (v128.load (local.get $from)))
    (v128.store offset=16 (local.get $to) (v128.load offset=16 (local.get $from)))
    (v128.store offset=32 (local.get $to) (v128.load offset=32 (local.get $from)))
    (v128.store offset=48 (local.get $to) (v128.load offset=48 (local.get $from)))
    (local.set $start (f64.load offset=40 (local.get $to)))
    (block $full
      (loop $neighbours
        (local.set $from (i32.add (local.get $from) (i32.const 64)))
        ;; The joint cell would end where the one after it begins (64 + 40 bytes on).
        (br_if $full (i32.ge_u (i32.add (local.get $from) (i32.const 64)) (local.get $end)))
        (br_if $full (i32.eqz (f64.le
          (f64.sub (f64.load offset=104 (local.get $from)) (local.get $start))
          (f64.mul (local.get $share) (f64.sub (local.get $now) (f64.load offset=104 (local.get $from)))))))
        (v128.store (local.get $to) (f64x2.add (v128.load (local.get $to)) (v128.load (local.get $from))))
        (v128.store offset=16 (local.get $to)
          (f64x2.add (v128.load offset=16 (local.get $to)) (v128.load offset=16 (local.get $from))))
        (f64.store offset=32 (local.get $to)
          (f64.add (f64.load offset=32 (local.get $to)) (f64.load offset=32 (local.get $from))))
        (br $neighbours)))
    (local.set $to (i32.add (local.get $to) (i32.const 64)))
    (br_if $each (i32.lt_u (local.get $from) (local.get $end))))
  (i32.shr_u (i32.sub (local.get $to) (local.get $cells)) (i32.const 6)))

;; Means of n cells of the store: of the oldest `old` in groups of `step`, of the others one by one. Returns the address of four
;; columns: t, y, points, load (NaN where there was none); at 8 the first cell of each.
(func (export "means") (param $cells i32) (param $n i32) (param $old i32) (param $step i32) (result i32)
  (local $out i32) (local $first i32) (local $count i32) (local $bytes i32) (local $at i32) (local $i i32) (local $stop i32)
  (local $size f64) (local $t f64) (local $y f64) (local $load f64) (local $loads f64)
  ;; (old + step - 1) / step groups
  (local.set $count (i32.add
    (i32.div_u (i32.sub (i32.add (local.get $old) (local.get $step)) (i32.const 1)) (local.get $step))
    (i32.sub (local.get $n) (local.get $old))))
  (local.set $bytes (i32.shl (local.get $count) (i32.const 3)))
  (local.set $out (call $take (i32.shl (local.get $bytes) (i32.const 2))))
  (local.set $first (call $take (local.get $bytes)))
  (i32.store (i32.const 8) (local.get $first))
  (i32.store (i32.const 12) (local.get $count))
  (local.set $at (local.get $out))
  (block $done
    (loop $each
      (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
      (i32.store (local.get $first) (local.get $i))
      (local.set $first (i32.add (local.get $first) (i32.const 4)))
      (local.set $stop (i32.add (local.get $i) (i32.const 1)))
      (if (i32.lt_u (local.get $i) (local.get $old)) (then
        (local.set $stop (i32.add (local.get $i) (local.get $step)))
        (if (i32.gt_u (local.get $stop) (local.get $old)) (then (local.set $stop (local.get $old))))))
      (local.set $size (f64.const 0))
      (local.set $t (f64.const 0))
      (local.set $y (f64.const 0))
      (local.set $load (f64.const 0))
      (local.set $loads (f64.const 0))
      (loop $group
        (local.set $size (f64.add (local.get $size) (f64.load (local.get $cells))))
        (local.set $t (f64.add (local.get $t) (f64.load offset=8 (local.get $cells))))
        (local.set $y (f64.add (local.get $y) (f64.load offset=16 (local.get $cells))))
        (local.set $load (f64.add (local.get $load) (f64.load offset=24 (local.get $cells))))
        (local.set $loads (f64.add (local.get $loads) (f64.load offset=32 (local.get $cells))))
        (local.set $cells (i32.add (local.get $cells) (i32.const 64)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $group (i32.lt_u (local.get $i) (local.get $stop))))
      (f64.store (local.get $at) (f64.div (local.get $t) (local.get $size)))
      (f64.store (i32.add (local.get $at) (local.get $bytes)) (f64.div (local.get $y) (local.get $size)))
      (f64.store (i32.add (local.get $at) (i32.shl (local.get $bytes) (i32.const 1))) (local.get $size))
      (f64.store
        (i32.add (local.get $at) (i32.mul (local.get $bytes) (i32.const 3)))
        (if (result f64) (f64.gt (local.get $loads) (f64.const 0))
          (then (f64.div (local.get $load) (local.get $loads)))
          (else (f64.const nan))))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br $each)))
  (local.get $out))
