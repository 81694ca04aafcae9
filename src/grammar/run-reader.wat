;; Reads a run of lines that all have one shape, and writes each as a line of NDJSON: matching, copying and reading numbers in one
;; walk over the bytes. It stops before the first line that is in any way unusual; lines without an anchor are passed over where that is asked.
;;
;; A plan is a list of steps. Each compares a literal with the line, writes text to the output, then does what its operation says.
;;
;; Memory, filled by run-reader.ts (addresses relative to the plan, little endian):
;;   0    u32 address of the rows, u32 bytes of a row
;;   8    u32 address of the output, u32 the last address in it where a line may begin
;;   16   u32 address and u32 length of the text before the line number, the same of the text behind it
;;   32   scratch for the digits of the line number
;;   48   f64 10^0 to 10^15
;;   176  steps of 48 bytes:
;;        0   the literal, up to 16 bytes
;;        16  u32 the bits of its bytes, u32 its length
;;        24  u32 address of the text, u32 its length
;;        32  u32 operation, u32 place of its value in the row (0: it is not asked for)
;;        40  u32 address of the step to go on with (OPTIONAL: where the literal is missing), u32 value (FIXED)
;; A row is f64s: address behind the line's newline, address behind the line's output, number of the line, values of holes. Behind the
;; last one there is another, for the line before the one at which the run stopped: only its address and its number.
;; Up to 16 bytes are read behind the input and written behind the output.
(module
  (import "host" "memory" (memory 1))
  ;; That of anchor-scanner.wat: it leaves the start of the line at 0 and the newlines before it at 8.
  (import "host" "find" (func $find (param i32 i32) (result i32)))

  ;; Writes text at `to`; returns where it ends.
  (func $write (param $text i32) (param $length i32) (param $to i32) (result i32)
    (local $at i32) (local $end i32)
    (local.set $at (local.get $to))
    (local.set $end (i32.add (local.get $to) (local.get $length)))
    (loop $words
      (v128.store (local.get $at) (v128.load (local.get $text)))
      (local.set $text (i32.add (local.get $text) (i32.const 16)))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (br_if $words (i32.lt_u (local.get $at) (local.get $end))))
    (local.get $end))

  ;; Lays the digits of a whole number out so that they end at `end`; returns where they begin.
  (func $layOut (param $value i32) (param $end i32) (result i32)
    (local $tenth i32)
    (loop $digits
      (local.set $end (i32.sub (local.get $end) (i32.const 1)))
      (local.set $tenth (i32.div_u (local.get $value) (i32.const 10)))
      (i32.store8 (local.get $end)
        (i32.add (i32.const 48) (i32.sub (local.get $value) (i32.mul (local.get $tenth) (i32.const 10)))))
      (local.set $value (local.get $tenth))
      (br_if $digits (local.get $value)))
    (local.get $end))

  ;; Adds one to the number whose digits are [first, end); returns where they begin now. Cheaper than to lay it out once more.
  (func $increment (param $first i32) (param $end i32) (result i32)
    (local $digit i32)
    (loop $carry
      (local.set $end (i32.sub (local.get $end) (i32.const 1)))
      (if (i32.lt_u (local.get $end) (local.get $first)) (then
        (i32.store8 (local.get $end) (i32.const 49))
        (return (local.get $end))))
      (local.set $digit (i32.load8_u (local.get $end)))
      (if (i32.eq (local.get $digit) (i32.const 57)) (then
        (i32.store8 (local.get $end) (i32.const 48))
        (br $carry))))
    (i32.store8 (local.get $end) (i32.add (local.get $digit) (i32.const 1)))
    (local.get $first))

  ;; The number of up to eight digits whose text is in a word, the last of them in the highest byte: pairs, fours and eights are joined.
  (func $joinDigits (param $word i64) (result i64)
    (local.set $word (i64.shr_u
      (i64.mul (i64.and (local.get $word) (i64.const 0x0f0f0f0f0f0f0f0f)) (i64.const 2561)) (i64.const 8)))
    (local.set $word (i64.shr_u
      (i64.mul (i64.and (local.get $word) (i64.const 0x00ff00ff00ff00ff)) (i64.const 6553601)) (i64.const 16)))
    (i64.shr_u
      (i64.mul (i64.and (local.get $word) (i64.const 0x0000ffff0000ffff)) (i64.const 42949672960001)) (i64.const 32)))

  ;; The number of 1 to 15 digits at `at`.
  (func $readDigits (param $at i32) (param $count i32) (result f64)
    (local $high i64)
    (if (i32.gt_u (local.get $count) (i32.const 8)) (then
      (local.set $count (i32.sub (local.get $count) (i32.const 8)))
      (local.set $high (i64.mul (i64.const 100000000) (call $joinDigits
        (i64.shl (i64.load (local.get $at)) (i64.extend_i32_u (i32.sub (i32.const 64) (i32.shl (local.get $count) (i32.const 3))))))))
      (local.set $at (i32.add (local.get $at) (local.get $count)))
      (local.set $count (i32.const 8))))
    (f64.convert_i64_u (i64.add (local.get $high) (call $joinDigits
      (i64.shl (i64.load (local.get $at)) (i64.extend_i32_u (i32.sub (i32.const 64) (i32.shl (local.get $count) (i32.const 3)))))))))

  ;; The number of 3 to 15 bytes at `at` whose dot stands behind `digits` of them.
  (func $readDecimal (param $plan i32) (param $at i32) (param $digits i32) (param $length i32) (result f64)
    (local $power f64) (local $below i64) (local $word i64)
    (local.set $power (f64.load offset=48 (i32.add (local.get $plan)
      (i32.shl (i32.sub (i32.sub (local.get $length) (local.get $digits)) (i32.const 1)) (i32.const 3)))))
    (if (i32.le_u (local.get $length) (i32.const 8)) (then
      ;; The digits behind the dot move one byte down, over it.
      (local.set $word (i64.load (local.get $at)))
      (local.set $below (i64.sub
        (i64.shl (i64.const 1) (i64.extend_i32_u (i32.shl (local.get $digits) (i32.const 3)))) (i64.const 1)))
      (return (f64.div
        (f64.convert_i64_u (call $joinDigits (i64.shl
          (i64.or
            (i64.and (local.get $word) (local.get $below))
            (i64.and (i64.shr_u (local.get $word) (i64.const 8)) (i64.xor (local.get $below) (i64.const -1))))
          (i64.extend_i32_u (i32.sub (i32.const 72) (i32.shl (local.get $length) (i32.const 3)))))))
        (local.get $power)))))
    (f64.div
      (f64.add
        (f64.mul (call $readDigits (local.get $at) (local.get $digits)) (local.get $power))
        (call $readDigits
          (i32.add (i32.add (local.get $at) (local.get $digits)) (i32.const 1))
          (i32.sub (i32.sub (local.get $length) (local.get $digits)) (i32.const 1))))
      (local.get $power)))

  ;; Takes up to `most` lines from `from`, the start of line `number`; `to` is behind the last newline that may be looked at. Returns how
  ;; many were taken. `passes` is 1 where lines without an anchor may stand between them.
  (func (export "run")
    (param $plan i32) (param $from i32) (param $to i32) (param $number i32) (param $most i32) (param $passes i32) (result i32)
    (local $line i32) (local $begin i32) (local $found i32) (local $before i32)
    (local $taken i32) (local $row i32) (local $out i32) (local $step i32) (local $at i32)
    (local $text i32) (local $mask i32) (local $digits i32) (local $length i32) (local $column i32) (local $lineEnd i32)
    (local $bytes v128) (local $lift v128) (local $lifted v128) (local $dot v128)
    ;; Bytes that are lifted so that 9 is the highest signed one: digits are those above the lifted slash.
    (local.set $lift (i8x16.splat (i32.const 70)))
    (local.set $lifted (i8x16.splat (i32.const 117)))
    (local.set $dot (i8x16.splat (i32.const 46)))
    (local.set $row (i32.load (local.get $plan)))
    (local.set $out (i32.load offset=8 (local.get $plan)))
    (local.set $lineEnd (i32.add (local.get $plan) (i32.const 48)))
    (local.set $line (call $layOut (local.get $number) (local.get $lineEnd)))
    (block $stop
      (loop $lines
        (local.set $begin (local.get $from))
        (br_if $stop (i32.ge_u (local.get $taken) (local.get $most)))
        (br_if $stop (i32.ge_u (local.get $from) (local.get $to)))
        (br_if $stop (i32.gt_u (local.get $out) (i32.load offset=12 (local.get $plan))))
        (local.set $before (local.get $out))
        (block $unlike
          (local.set $out (call $write
            (i32.load offset=16 (local.get $plan)) (i32.load offset=20 (local.get $plan)) (local.get $out)))
          (v128.store (local.get $out) (v128.load (local.get $line)))
          (local.set $out (i32.add (local.get $out) (i32.sub (local.get $lineEnd) (local.get $line))))
          (local.set $out (call $write
            (i32.load offset=24 (local.get $plan)) (i32.load offset=28 (local.get $plan)) (local.get $out)))
          (local.set $step (i32.add (local.get $plan) (i32.const 176)))
          (loop $steps
            (local.set $mask (i32.load offset=16 (local.get $step)))
            (if (i32.ne
                  (i32.and (local.get $mask) (i8x16.bitmask (i8x16.eq
                    (v128.load (local.get $from)) (v128.load (local.get $step)))))
                  (local.get $mask))
              (then
                (br_if $unlike (i32.ne (i32.load offset=32 (local.get $step)) (i32.const 3)))
                (local.set $step (i32.load offset=40 (local.get $step)))
                (br $steps)))
            (local.set $from (i32.add (local.get $from) (i32.load offset=20 (local.get $step))))
            (local.set $text (i32.load offset=24 (local.get $step)))
            (local.set $at (local.get $out))
            (local.set $out (i32.add (local.get $out) (i32.load offset=28 (local.get $step))))
            (loop $words
              (v128.store (local.get $at) (v128.load (local.get $text)))
              (local.set $text (i32.add (local.get $text) (i32.const 16)))
              (local.set $at (i32.add (local.get $at) (i32.const 16)))
              (br_if $words (i32.lt_u (local.get $at) (local.get $out))))
            (local.set $column (i32.load offset=36 (local.get $step)))
            (block $end
              (block $fixed
                (block $optional
                  (block $number
                    (br_table $number $number $fixed $optional $end (i32.load offset=32 (local.get $step))))
                  ;; INTEGER (0): digits. DECIMAL (1): digits, perhaps a dot and more digits. The length comes first, and by the shortest
                  ;; way: the next step waits for nothing else. What is wrong with the text is seen meanwhile.
                  (local.set $bytes (v128.load (local.get $from)))
                  (local.set $mask (i32.xor (i32.const 0x1ffff) (i8x16.bitmask
                    (i8x16.gt_s (i8x16.add (local.get $bytes) (local.get $lift)) (local.get $lifted)))))
                  (local.set $length (i32.ctz (i32.and (local.get $mask) (i32.xor (i32.const -1) (i32.and
                    (i8x16.bitmask (i8x16.eq (local.get $bytes) (local.get $dot)))
                    (i32.sub (i32.const 0) (i32.load offset=32 (local.get $step))))))))
                  (local.set $digits (i32.ctz (local.get $mask)))
                  (br_if $unlike (i32.eqz (local.get $digits)))
                  (br_if $unlike (i32.gt_u (local.get $length) (i32.const 15)))
                  (br_if $unlike (i32.and
                    (i32.gt_u (local.get $digits) (i32.const 1))
                    (i32.eq (i32.load8_u (local.get $from)) (i32.const 48))))
                  (if (i32.ne (local.get $length) (local.get $digits))
                    (then
                      ;; One dot, and digits up to the end behind it.
                      (br_if $unlike (i32.eq (local.get $length) (i32.add (local.get $digits) (i32.const 1))))
                      (br_if $unlike (i32.ne (local.get $length)
                        (i32.ctz (i32.and (local.get $mask) (i32.sub (local.get $mask) (i32.const 1))))))
                      (if (local.get $column) (then
                        (f64.store (i32.add (local.get $row) (local.get $column))
                          (call $readDecimal (local.get $plan) (local.get $from) (local.get $digits) (local.get $length))))))
                    (else
                      (if (local.get $column) (then
                        (f64.store (i32.add (local.get $row) (local.get $column))
                          (call $readDigits (local.get $from) (local.get $digits)))))))
                  (v128.store (local.get $out) (local.get $bytes))
                  (local.set $from (i32.add (local.get $from) (local.get $length)))
                  (local.set $out (i32.add (local.get $out) (local.get $length)))
                  (local.set $step (i32.add (local.get $step) (i32.const 48)))
                  (br $steps))
                ;; OPTIONAL (3): its literal is there.
                (local.set $step (i32.add (local.get $step) (i32.const 48)))
                (br $steps))
              ;; FIXED (2): a value that does not stand in the line.
              (if (local.get $column) (then
                (f64.store (i32.add (local.get $row) (local.get $column))
                  (f64.convert_i32_u (i32.load offset=44 (local.get $step))))))
              (local.set $step (i32.load offset=40 (local.get $step)))
              (br $steps))
            ;; END (4): of the line, too.
            (br_if $unlike (i32.ne (i32.load8_u (local.get $from)) (i32.const 10))))
          (local.set $from (i32.add (local.get $from) (i32.const 1)))
          (f64.store (local.get $row) (f64.convert_i32_u (local.get $from)))
          (f64.store offset=8 (local.get $row) (f64.convert_i32_u (local.get $out)))
          (f64.store offset=16 (local.get $row) (f64.convert_i32_u (local.get $number)))
          (local.set $number (i32.add (local.get $number) (i32.const 1)))
          (local.set $row (i32.add (local.get $row) (i32.load offset=4 (local.get $plan))))
          (local.set $taken (i32.add (local.get $taken) (i32.const 1)))
          (local.set $line (call $increment (local.get $line) (local.get $lineEnd)))
          (br $lines))
        ;; A line of another kind: unless it holds an anchor, the run goes on behind it.
        (br_if $stop (i32.eqz (local.get $passes)))
        (br_if $stop (i32.eq (local.get $begin) (local.get $found)))
        (local.set $found
          (if (result i32) (call $find (local.get $begin) (local.get $to))
            (then (i32.load (i32.const 0)))
            (else (local.get $to))))
        (br_if $stop (i32.eq (local.get $begin) (local.get $found)))
        (local.set $from (local.get $found))
        (local.set $out (local.get $before))
        (local.set $number (i32.add (local.get $number) (i32.load (i32.const 8))))
        (local.set $line (call $layOut (local.get $number) (local.get $lineEnd)))
        (br $lines)))
    (f64.store (local.get $row) (f64.convert_i32_u (local.get $begin)))
    (f64.store offset=16 (local.get $row) (f64.convert_i32_u (i32.sub (local.get $number) (i32.const 1))))
    (local.get $taken)))
