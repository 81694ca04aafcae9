;; One pass over a block of memory: counts newlines and finds the next line that contains one of up to some dozens of
;; literals (anchors), 16 bytes a step.
;;
;; How (Hyperscan's "Teddy"): of every anchor four neighbouring bytes are its fingerprint. Anchors are spread over
;; eight buckets, one bit each. For each of the four fingerprint positions two tables of 16 bytes say, for the low and
;; for the high half of a byte, which buckets that half is possible in; a swizzle looks up 16 bytes at once. The four
;; answers, moved one to three bytes so that they meet at the fingerprint's last byte, are ANDed: what is left are the
;; buckets that may match there, and only there the anchors are compared byte for byte.
;;
;; Memory, filled by anchor-scanner.ts (fixed addresses, little endian):
;;   0    result of find: u32 lineStart, u32 lineEnd, u32 newlines
;;   16   scratch for one vector
;;   32   eight tables: low and high of position 0, of position 1, of position 2, of position 3
;;   160  eight times u32 address of the bucket's first record, u32 address behind its last one
;;   224  records: u32 address of the anchor's bytes, u16 length, u16 index of the fingerprint's last byte, u32 the
;;        fingerprint, u32 which of its bits count (an anchor may be shorter)
;;   then the anchors' bytes, then the text, then at least 16 bytes that nobody uses
(module
  (import "host" "memory" (memory 1))

  ;; Where the next newline in [from, to) is, or `to`.
  (func $newline (export "newline") (param $from i32) (param $to i32) (result i32)
    (local $mask i32)
    (block $done
      (loop $blocks
        (br_if $done (i32.ge_u (local.get $from) (local.get $to)))
        (local.set $mask (i8x16.bitmask (i8x16.eq
          (v128.load (local.get $from)) (i8x16.splat (i32.const 10)))))
        (if (local.get $mask) (then
          (local.set $from (i32.add (local.get $from) (i32.ctz (local.get $mask))))
          (br $done)))
        (local.set $from (i32.add (local.get $from) (i32.const 16)))
        (br $blocks)))
    (select (local.get $from) (local.get $to) (i32.lt_u (local.get $from) (local.get $to))))

  ;; How many newlines [from, to) holds.
  (func (export "count") (param $from i32) (param $to i32) (result i32)
    (local $mask i32) (local $newlines i32)
    (block $done
      (loop $blocks
        (br_if $done (i32.ge_u (local.get $from) (local.get $to)))
        (local.set $mask (i8x16.bitmask (i8x16.eq
          (v128.load (local.get $from)) (i8x16.splat (i32.const 10)))))
        (if (i32.lt_u (i32.sub (local.get $to) (local.get $from)) (i32.const 16)) (then
          (local.set $mask (i32.and (local.get $mask)
            (call $below (i32.sub (local.get $to) (local.get $from)))))))
        (local.set $newlines (i32.add (local.get $newlines) (i32.popcnt (local.get $mask))))
        (local.set $from (i32.add (local.get $from) (i32.const 16)))
        (br $blocks)))
    (local.get $newlines))

  ;; A mask of the lowest `bits` bits.
  (func $below (param $bits i32) (result i32)
    (i32.sub (i32.shl (i32.const 1) (local.get $bits)) (i32.const 1)))

  ;; Behind the last newline in [from, at), or `from`.
  (func $lineStart (param $from i32) (param $at i32) (result i32)
    (loop $bytes
      (if (i32.gt_u (local.get $at) (local.get $from)) (then
        (if (i32.ne (i32.load8_u (i32.sub (local.get $at) (i32.const 1))) (i32.const 10)) (then
          (local.set $at (i32.sub (local.get $at) (i32.const 1)))
          (br $bytes))))))
    (local.get $at))

  ;; Whether `length` bytes at `a` and `b` are the same.
  (func $same (param $a i32) (param $b i32) (param $length i32) (result i32)
    (block $differ
      (loop $bytes
        (if (i32.eqz (local.get $length)) (then (return (i32.const 1))))
        (br_if $differ (i32.ne (i32.load8_u (local.get $a)) (i32.load8_u (local.get $b))))
        (local.set $a (i32.add (local.get $a) (i32.const 1)))
        (local.set $b (i32.add (local.get $b) (i32.const 1)))
        (local.set $length (i32.sub (local.get $length) (i32.const 1)))
        (br $bytes)))
    (i32.const 0))

  ;; Compares the anchors of the buckets set in `buckets` whose fingerprint would end at `at`, within [from, to).
  ;; Returns the address of the record that fits, or 0. The anchor then starts at `at` less the record's index.
  (func $verify (param $buckets i32) (param $at i32) (param $from i32) (param $to i32) (result i32)
    (local $entry i32) (local $record i32) (local $last i32) (local $seen i32)
    (local.set $seen (i32.load (i32.sub (local.get $at) (i32.const 3))))
    (loop $eachBucket
      (local.set $entry (i32.shl (i32.ctz (local.get $buckets)) (i32.const 3)))
      (local.set $record (i32.load offset=160 (local.get $entry)))
      (local.set $last (i32.load offset=164 (local.get $entry)))
      (block $nextBucket
        (loop $eachRecord
          (br_if $nextBucket (i32.ge_u (local.get $record) (local.get $last)))
          (if (i32.eq
                (i32.and (local.get $seen) (i32.load offset=12 (local.get $record)))
                (i32.load offset=8 (local.get $record)))
            (then (if (call $fits (local.get $record) (local.get $at) (local.get $from) (local.get $to))
              (then (return (local.get $record))))))
          (local.set $record (i32.add (local.get $record) (i32.const 16)))
          (br $eachRecord)))
      (local.set $buckets (i32.and (local.get $buckets) (i32.sub (local.get $buckets) (i32.const 1))))
      (br_if $eachBucket (local.get $buckets)))
    (i32.const 0))

  ;; Whether the whole anchor of a record stands within [from, to) with its fingerprint ending at `at`.
  (func $fits (param $record i32) (param $at i32) (param $from i32) (param $to i32) (result i32)
    (local $start i32) (local $length i32)
    (local.set $start (i32.sub (local.get $at) (i32.load16_u offset=6 (local.get $record))))
    (local.set $length (i32.load16_u offset=4 (local.get $record)))
    (if (i32.lt_s (local.get $start) (local.get $from)) (then (return (i32.const 0))))
    (if (i32.gt_u (i32.add (local.get $start) (local.get $length)) (local.get $to)) (then (return (i32.const 0))))
    (call $same (local.get $start) (i32.load (local.get $record)) (local.get $length)))

  ;; The first line within [from, to) that contains an anchor; `from` is a line start. 1 when there is one (result at
  ;; address 0; newlines: those before the line), 0 when there is none (newlines: all of them).
  (func (export "find") (param $from i32) (param $to i32) (result i32)
    (local $at i32) (local $lastFull i32) (local $newlines i32)
    (local $lines i32) (local $candidates i32) (local $index i32) (local $record i32) (local $anchor i32)
    (local $low0 v128) (local $high0 v128) (local $low1 v128) (local $high1 v128) (local $low2 v128) (local $high2 v128)
    (local $low3 v128) (local $high3 v128)
    (local $nibble v128) (local $newline v128)
    (local $bytes v128) (local $low v128) (local $high v128) (local $hit v128)
    (local $is0 v128) (local $is1 v128) (local $is2 v128)
    (local $was0 v128) (local $was1 v128) (local $was2 v128)
    (local.set $low0 (v128.load (i32.const 32)))
    (local.set $high0 (v128.load (i32.const 48)))
    (local.set $low1 (v128.load (i32.const 64)))
    (local.set $high1 (v128.load (i32.const 80)))
    (local.set $low2 (v128.load (i32.const 96)))
    (local.set $high2 (v128.load (i32.const 112)))
    (local.set $low3 (v128.load (i32.const 128)))
    (local.set $high3 (v128.load (i32.const 144)))
    (local.set $nibble (i8x16.splat (i32.const 15)))
    (local.set $newline (i8x16.splat (i32.const 10)))
    ;; Before the first byte anything is possible: anchors of one to three bytes have no first fingerprint byte.
    (local.set $was0 (i8x16.splat (i32.const -1)))
    (local.set $was1 (i8x16.splat (i32.const -1)))
    (local.set $was2 (i8x16.splat (i32.const -1)))
    (local.set $at (local.get $from))
    (local.set $lastFull (i32.sub (local.get $to) (i32.const 16)))
    (block $none
      (br_if $none (i32.ge_u (local.get $from) (local.get $to)))
      (loop $blocks
        (local.set $bytes (v128.load (local.get $at)))
        (local.set $low (v128.and (local.get $bytes) (local.get $nibble)))
        (local.set $high (v128.and (i16x8.shr_u (local.get $bytes) (i32.const 4)) (local.get $nibble)))
        (local.set $is0 (v128.and
          (i8x16.swizzle (local.get $low0) (local.get $low)) (i8x16.swizzle (local.get $high0) (local.get $high))))
        (local.set $is1 (v128.and
          (i8x16.swizzle (local.get $low1) (local.get $low)) (i8x16.swizzle (local.get $high1) (local.get $high))))
        (local.set $is2 (v128.and
          (i8x16.swizzle (local.get $low2) (local.get $low)) (i8x16.swizzle (local.get $high2) (local.get $high))))
        (local.set $hit (v128.and
          (v128.and
            (v128.and
              (i8x16.swizzle (local.get $low3) (local.get $low)) (i8x16.swizzle (local.get $high3) (local.get $high)))
            (i8x16.shuffle 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 (local.get $was2) (local.get $is2)))
          (v128.and
            (i8x16.shuffle 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 (local.get $was1) (local.get $is1))
            (i8x16.shuffle 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 (local.get $was0) (local.get $is0)))))
        (local.set $was0 (local.get $is0))
        (local.set $was1 (local.get $is1))
        (local.set $was2 (local.get $is2))
        (local.set $lines (i8x16.bitmask (i8x16.eq (local.get $bytes) (local.get $newline))))
        (if (i32.or (v128.any_true (local.get $hit)) (i32.gt_s (local.get $at) (local.get $lastFull))) (then
          (local.set $candidates (i8x16.bitmask (i8x16.ne (local.get $hit) (v128.const i32x4 0 0 0 0))))
          (if (i32.gt_s (local.get $at) (local.get $lastFull)) (then
            ;; The last, partial block: what lies behind `to` does not count.
            (local.set $index (call $below (i32.sub (local.get $to) (local.get $at))))
            (local.set $candidates (i32.and (local.get $candidates) (local.get $index)))
            (local.set $lines (i32.and (local.get $lines) (local.get $index)))))
          (v128.store (i32.const 16) (local.get $hit))
          (block $noMore
            (loop $eachCandidate
              (br_if $noMore (i32.eqz (local.get $candidates)))
              (local.set $index (i32.ctz (local.get $candidates)))
              (local.set $record (call $verify
                (i32.load8_u offset=16 (local.get $index))
                (i32.add (local.get $at) (local.get $index))
                (local.get $from) (local.get $to)))
              (if (local.get $record) (then
                (local.set $anchor (i32.sub
                  (i32.add (local.get $at) (local.get $index)) (i32.load16_u offset=6 (local.get $record))))
                (i32.store (i32.const 0) (call $lineStart (local.get $from) (local.get $anchor)))
                (i32.store (i32.const 4) (call $newline (local.get $anchor) (local.get $to)))
                (i32.store (i32.const 8) (i32.add (local.get $newlines)
                  (i32.popcnt (i32.and (local.get $lines) (call $below (local.get $index))))))
                (return (i32.const 1))))
              (local.set $candidates
                (i32.and (local.get $candidates) (i32.sub (local.get $candidates) (i32.const 1))))
              (br $eachCandidate)))))
        (local.set $newlines (i32.add (local.get $newlines) (i32.popcnt (local.get $lines))))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br_if $blocks (i32.lt_u (local.get $at) (local.get $to)))))
    (i32.store (i32.const 8) (local.get $newlines))
    (i32.const 0)))
