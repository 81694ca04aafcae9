;; Reads goroutine records and counts them by state and stack, without an object or a string for any of them. What it does not
;; know yet (the words of a header, a stack) and what is not plain it leaves to stack-engine.ts, which teaches it and asks again.
;;
;; How: lines are cut 16 bytes a step (newline and last `(` or `:` together); the bytes of names and of FILE:LINE are hashed, eight
;; a step, to 64 bits. Arguments, offsets and waits never enter the hash. Stacks are told apart by that hash alone: among a
;; million of them the chance of one mistake is 1 in 30 million, below that of the printed group ids.
;;
;; Memory, little endian:
;;   0      u32 where the scan stopped, u32 lines of the records taken by the call
;;   8      u32 start, u32 end of the header's words in question
;;   16     u32 number of frames of the record in work, u32 address of its row (0: new)
;;   24     i64 id, i64 creator of the record in work
;;   40     i64 hash of the stack in work, u32 address of the place of its header's words
;;   60     u32 number of goroutines counted
;;   64     of the frame that `frame` was asked for: u32 1 when its name is plain, i32 and i32 hash of its name (as hashText),
;;          if it is new i32 hash of its file, u32 1 when the file's name is ASCII
;;   1024   frames of the record in work, up to 4096, 32 bytes each: u32 name, u32 its end, u32 FILE:LINE, u32 its end, u32 kind
;;          (0 call, 1 creator, 2 elided frames), u32 the colon, i64 hash
;;   132096 8192 places for the words of headers, 4 to a hash, 32 bytes each: i64 hash, i32 minutes (-1: none), u32 state, u32 marks
;;          (1 running, 2 two headers in one, 4 locked to a thread, 8 leaked, 16 labels)
;;   394240 text, up to 1 MiB, and what a step of 16 bytes may read behind it
;;   1443840 rows (layout at $add), ids, tables, as they come
(module
  (import "host" "memory" (memory 23 65536))

  (global $slots (mut i32) (i32.const 0))
  (global $slotMask (mut i32) (i32.const 0))
  (global $rows (mut i32) (i32.const 0))
  (global $rowsEnd (mut i32) (i32.const 0))
  (global $frames (mut i32) (i32.const 0))
  (global $frameMask (mut i32) (i32.const 0))
  (global $frameCount (mut i32) (i32.const 0))
  (global $ids (mut i32) (i32.const 0))
  (global $idMask (mut i32) (i32.const 0))
  (global $idBlocks (mut i32) (i32.const 0))
  ;; Free memory: [next, chunkEnd), then what lies behind $top; tables that were outgrown are a list of chunks.
  (global $next (mut i32) (i32.const 0))
  (global $chunkEnd (mut i32) (i32.const 0))
  (global $top (mut i32) (i32.const 0))
  (global $outgrown (mut i32) (i32.const 0))

  ;; Forgets everything but the words of headers, which the host takes out of their places.
  (func (export "reset")
    (memory.fill (i32.const 0) (i32.const 0) (i32.const 1024))
    (global.set $next (i32.const 1443840))
    (global.set $chunkEnd (i32.const 1443840))
    (global.set $top (i32.const 1443840))
    (global.set $outgrown (i32.const 0))
    (global.set $rows (i32.const 0))
    (global.set $rowsEnd (i32.const 0))
    (global.set $frameCount (i32.const 0))
    (global.set $idBlocks (i32.const 0))
    (global.set $slotMask (i32.const 127))
    (global.set $slots (call $table (i32.const 64)))
    (global.set $frameMask (i32.const 127))
    (global.set $frames (call $table (i32.const 64)))
    (global.set $idMask (i32.const 127))
    (global.set $ids (call $table (i32.const 128))))

  ;; `bytes` (a multiple of 128, as is the result) behind $top; traps when there is no memory left.
  (func $behindTop (param $bytes i32) (result i32)
    (local $start i32) (local $missing i32)
    (local.set $start (global.get $top))
    (global.set $top (i32.add (local.get $start) (local.get $bytes)))
    (local.set $missing (i32.sub
      (i32.shr_u (i32.add (global.get $top) (i32.const 65535)) (i32.const 16)) (memory.size)))
    (if (i32.gt_s (local.get $missing) (i32.const 0)) (then
      ;; A grown memory is another object to the host: seldom, and by a quarter.
      (if (i32.eq (i32.const -1) (memory.grow
            (i32.add (local.get $missing) (i32.shr_u (memory.size) (i32.const 2)))))
        (then (if (i32.eq (i32.const -1) (memory.grow (local.get $missing))) (then (unreachable)))))))
    (local.get $start))

  ;; A zeroed table of `entries` times 8 bytes.
  (func $table (param $entries i32) (result i32)
    (local $start i32)
    (local.set $start (call $behindTop (i32.shl (local.get $entries) (i32.const 3))))
    (memory.fill (local.get $start) (i32.const 0) (i32.shl (local.get $entries) (i32.const 3)))
    (local.get $start))

  ;; The memory of an outgrown table, to be used for rows and ids: next chunk, its size.
  (func $retire (param $start i32) (param $entries i32)
    (i32.store (local.get $start) (global.get $outgrown))
    (i32.store offset=4 (local.get $start) (i32.shl (local.get $entries) (i32.const 3)))
    (global.set $outgrown (local.get $start)))

  ;; `bytes` (a multiple of 4) of any content.
  (func $alloc (param $bytes i32) (result i32)
    (local $start i32)
    (if (i32.gt_u (i32.add (global.get $next) (local.get $bytes)) (global.get $chunkEnd)) (then
      (if (i32.and (i32.ne (global.get $outgrown) (i32.const 0))
            (i32.le_u (local.get $bytes) (i32.load offset=4 (global.get $outgrown))))
        (then
          (global.set $next (global.get $outgrown))
          (global.set $outgrown (i32.load (global.get $next)))
          (global.set $chunkEnd (i32.add (global.get $next) (i32.load offset=4 (global.get $next)))))
        (else
          (local.set $start (call $behindTop
            (i32.and (i32.add (local.get $bytes) (i32.const 16384)) (i32.const -128))))
          (if (i32.ne (local.get $start) (global.get $chunkEnd)) (then (global.set $next (local.get $start))))
          (global.set $chunkEnd (global.get $top))))))
    (local.set $start (global.get $next))
    (global.set $next (i32.add (local.get $start) (local.get $bytes)))
    (local.get $start))

  ;; Hash of [from, to), going on from `hash`.
  (func $hash (param $from i32) (param $to i32) (param $hash i64) (result i64)
    (local $length i32)
    (local.set $length (i32.sub (local.get $to) (local.get $from)))
    (local.set $hash (i64.mul
      (i64.xor (local.get $hash) (i64.extend_i32_u (local.get $length))) (i64.const 0x9e3779b97f4a7c15)))
    (local.set $hash (i64.xor (local.get $hash) (i64.shr_u (local.get $hash) (i64.const 32))))
    (block $tail
      (loop $words
        (br_if $tail (i32.lt_s (local.get $length) (i32.const 8)))
        (local.set $hash (i64.mul
          (i64.xor (local.get $hash) (i64.load (local.get $from))) (i64.const 0xd6e8feb86659fd93)))
        (local.set $hash (i64.xor (local.get $hash) (i64.shr_u (local.get $hash) (i64.const 32))))
        (local.set $from (i32.add (local.get $from) (i32.const 8)))
        (local.set $length (i32.sub (local.get $length) (i32.const 8)))
        (br $words)))
    (if (i32.gt_s (local.get $length) (i32.const 0)) (then
      (local.set $hash (i64.mul
        (i64.xor (local.get $hash) (i64.and (i64.load (local.get $from))
          (i64.shr_u (i64.const -1) (i64.extend_i32_u (i32.sub (i32.const 64) (i32.shl (local.get $length) (i32.const 3)))))))
        (i64.const 0xd6e8feb86659fd93)))
      (local.set $hash (i64.xor (local.get $hash) (i64.shr_u (local.get $hash) (i64.const 32))))))
    (local.get $hash))

  ;; The hash that tells what stands between a header's brackets; never 0.
  (func $hashWords (param $from i32) (param $to i32) (result i64)
    (i64.or (call $hash (local.get $from) (local.get $to) (i64.const 0)) (i64.const 1)))

  ;; The place of the words with that hash: where they are, or where they shall be.
  (func $placeOf (param $hash i64) (result i32)
    (local $place i32) (local $way i32)
    (local.set $place (i32.add (i32.const 132096) (i32.shl
      (i32.wrap_i64 (i64.shr_u (i64.mul (local.get $hash) (i64.const 0x9e3779b97f4a7c15)) (i64.const 53)))
      (i32.const 7))))
    (loop $ways
      (if (i32.or (i64.eq (i64.load (local.get $place)) (local.get $hash)) (i64.eqz (i64.load (local.get $place))))
        (then (return (local.get $place))))
      (local.set $place (i32.add (local.get $place) (i32.const 32)))
      (local.set $way (i32.add (local.get $way) (i32.const 1)))
      (br_if $ways (i32.lt_u (local.get $way) (i32.const 4))))
    ;; All four are taken: one of them is parsed again when it is met again.
    (i32.sub (local.get $place) (i32.shl
      (i32.add (i32.and (i32.wrap_i64 (i64.shr_u (local.get $hash) (i64.const 8))) (i32.const 3)) (i32.const 1))
      (i32.const 5))))

  ;; Puts the words of [from, to) into their place, whose address it returns.
  (func (export "learnWords") (param $from i32) (param $to i32) (param $minutes i32) (param $state i32) (param $marks i32)
    (result i32)
    (local $hash i64) (local $place i32)
    (local.set $hash (call $hashWords (local.get $from) (local.get $to)))
    (local.set $place (call $placeOf (local.get $hash)))
    (i64.store (local.get $place) (local.get $hash))
    (i32.store offset=8 (local.get $place) (local.get $minutes))
    (i32.store offset=12 (local.get $place) (local.get $state))
    (i32.store offset=16 (local.get $place) (local.get $marks))
    (local.get $place))

  ;; The row of the `count` frames at 1024 in that state, or 0; leaves the hashes at 1024 and 40.
  (func $find (export "find") (param $count i32) (param $state i32) (result i32)
    (local $frame i32) (local $end i32) (local $hash i64) (local $one i64)
    (local.set $hash (i64.mul (i64.extend_i32_u (i32.add (local.get $state) (i32.const 1))) (i64.const 0xa0761d6478bd642f)))
    (local.set $frame (i32.const 1024))
    (local.set $end (i32.add (i32.const 1024) (i32.shl (local.get $count) (i32.const 5))))
    (block $noFrame (loop $frames
      (br_if $noFrame (i32.ge_u (local.get $frame) (local.get $end)))
      (local.set $one (call $hash
        (i32.load offset=8 (local.get $frame)) (i32.load offset=12 (local.get $frame))
        (call $hash (i32.load (local.get $frame)) (i32.load offset=4 (local.get $frame)) (i64.const 0))))
      (i64.store offset=24 (local.get $frame) (local.get $one))
      (local.set $hash (i64.mul
        (i64.xor (local.get $hash) (i64.add (local.get $one) (i64.load32_u offset=16 (local.get $frame))))
        (i64.const 0x9e3779b97f4a7c15)))
      (local.set $hash (i64.xor (local.get $hash) (i64.shr_u (local.get $hash) (i64.const 32))))
      (local.set $frame (i32.add (local.get $frame) (i32.const 32)))
      (br $frames)))
    (i64.store (i32.const 40) (local.get $hash))
    (i32.load (call $entryOf (global.get $slots) (global.get $slotMask) (local.get $hash))))

  ;; A row for the stack that was not found: its address. 128 bytes, so that two neighbouring cache lines hold all of it:
  ;;   0 i64 hash, 8 u32 count, 12 i32 least wait, 16 i32 longest wait (both -1: none), 20 u32 1 when a member had no wait,
  ;;   24 u32 locked, 28 u32 leaked, 32 i64 creator (0 none, -1 they differ), 40 u32 last block of ids or the heap of ids,
  ;;   44 u32 state, 48 u32 the row that counts for this one (itself, but for stacks with the same group id),
  ;;   52 u32 number of the row, 56 u32 frames elided, 60 i32 the host's: the creator's frame, 64 f64 the host's: group id,
  ;;   72 u32 number of words of ids, 76 u32 first block of ids, 80 the first 12 words of ids
  (func (export "add") (param $state i32) (result i32)
    (local $row i32)
    (if (call $isFull (global.get $rows) (global.get $slotMask)) (then
      (global.set $slots (call $doubled (global.get $slots) (global.get $slotMask)))
      (global.set $slotMask (i32.add (i32.shl (global.get $slotMask) (i32.const 1)) (i32.const 1)))))
    (if (i32.eqz (i32.and (global.get $rows) (i32.const 63))) (then
      (global.set $rowsEnd (call $behindTop (i32.const 8192)))))
    (local.set $row (global.get $rowsEnd))
    (global.set $rowsEnd (i32.add (local.get $row) (i32.const 128)))
    (memory.fill (local.get $row) (i32.const 0) (i32.const 80))
    (i64.store (local.get $row) (i64.load (i32.const 40)))
    (i32.store offset=12 (local.get $row) (i32.const -1))
    (i32.store offset=16 (local.get $row) (i32.const -1))
    (i32.store offset=44 (local.get $row) (local.get $state))
    (i32.store offset=48 (local.get $row) (local.get $row))
    (i32.store offset=52 (local.get $row) (global.get $rows))
    (global.set $rows (i32.add (global.get $rows) (i32.const 1)))
    (i32.store
      (call $entryOf (global.get $slots) (global.get $slotMask) (i64.load (local.get $row))) (local.get $row))
    (local.get $row))

  ;; The entry (u32 address) of a table for what has that hash: rows and known frames begin with theirs. It is 0 where there is none.
  (func $entryOf (param $table i32) (param $mask i32) (param $hash i64) (result i32)
    (local $slot i32) (local $entry i32) (local $address i32)
    (local.set $slot (i32.wrap_i64 (local.get $hash)))
    (loop $probes
      (local.set $entry (i32.add (local.get $table)
        (i32.shl (i32.and (local.get $slot) (local.get $mask)) (i32.const 2))))
      (local.set $address (i32.load (local.get $entry)))
      (if (local.get $address) (then
        (local.set $slot (i32.add (local.get $slot) (i32.const 1)))
        (br_if $probes (i64.ne (i64.load (local.get $address)) (local.get $hash))))))
    (local.get $entry))

  ;; A table of twice the entries with what is in the old one, which has `mask` plus one.
  (func $doubled (param $old i32) (param $mask i32) (result i32)
    (local $table i32) (local $at i32) (local $end i32)
    (local.set $table (call $table (i32.add (local.get $mask) (i32.const 1))))
    (local.set $at (local.get $old))
    (local.set $end (i32.add (local.get $old) (i32.shl (i32.add (local.get $mask) (i32.const 1)) (i32.const 2))))
    (loop $all
      (if (i32.load (local.get $at)) (then
        (i32.store
          (call $entryOf (local.get $table) (i32.add (i32.shl (local.get $mask) (i32.const 1)) (i32.const 1))
            (i64.load (i32.load (local.get $at))))
          (i32.load (local.get $at)))))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (br_if $all (i32.lt_u (local.get $at) (local.get $end))))
    (call $retire (local.get $old) (i32.shr_u (i32.add (local.get $mask) (i32.const 1)) (i32.const 1)))
    (local.get $table))

  ;; Whether so many fill three quarters of a table.
  (func $isFull (param $count i32) (param $mask i32) (result i32)
    (i32.gt_u (i32.shl (local.get $count) (i32.const 2)) (i32.mul (local.get $mask) (i32.const 3))))

  ;; The number of the frame at an address, whose hash `find` has left there. One that is met for the first time gets the next
  ;; number. What its bytes say stands at 64. Known frames are 12 bytes: i64 hash, u32 number.
  (func (export "frame") (param $frame i32) (param $inlined i32) (result i32)
    (local $hash i64) (local $entry i32) (local $known i32)
    (call $examineName (i32.load (local.get $frame)) (i32.load offset=4 (local.get $frame)))
    (local.set $hash (i64.xor (i64.load offset=24 (local.get $frame)) (i64.mul
      (i64.extend_i32_u (local.get $inlined)) (i64.const 0x9e3779b97f4a7c15))))
    (local.set $entry (call $entryOf (global.get $frames) (global.get $frameMask) (local.get $hash)))
    (local.set $known (i32.load (local.get $entry)))
    (if (local.get $known) (then (return (i32.load offset=8 (local.get $known)))))
    (local.set $known (call $alloc (i32.const 12)))
    (i32.store (local.get $entry) (local.get $known))
    (i64.store (local.get $known) (local.get $hash))
    (i32.store offset=8 (local.get $known) (global.get $frameCount))
    (global.set $frameCount (i32.add (global.get $frameCount) (i32.const 1)))
    (if (call $isFull (global.get $frameCount) (global.get $frameMask)) (then
      (global.set $frames (call $doubled (global.get $frames) (global.get $frameMask)))
      (global.set $frameMask (i32.add (i32.shl (global.get $frameMask) (i32.const 1)) (i32.const 1)))))
    (call $examineFile (i32.load offset=8 (local.get $frame)) (i32.load offset=20 (local.get $frame)))
    (i32.load offset=8 (local.get $known)))

  ;; Plain: letters, digits, `-./_*` and balanced parentheses only, so certainly a symbol, and the same text escaped, unescaped and
  ;; without types. The hashes are two FNV-1a streams.
  (func $examineName (param $at i32) (param $end i32)
    (local $byte i32) (local $a i32) (local $b i32) (local $depth i32) (local $plain i32)
    (local.set $a (i32.const 0x811c9dc5))
    (local.set $b (i32.const 0x1b873593))
    (local.set $plain (i32.le_u (i32.sub (i32.or (i32.load8_u (local.get $at)) (i32.const 32)) (i32.const 97)) (i32.const 25)))
    (block $done
      (loop $bytes
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $byte (i32.load8_u (local.get $at)))
        (local.set $a (i32.mul (i32.xor (local.get $a) (local.get $byte)) (i32.const 0x01000193)))
        (local.set $b (i32.xor
          (i32.mul (i32.xor (local.get $b) (local.get $byte)) (i32.const 0x5bd1e995))
          (i32.shr_u (local.get $b) (i32.const 15))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br_if $bytes (i32.le_u (i32.sub (i32.or (local.get $byte) (i32.const 32)) (i32.const 97)) (i32.const 25)))
        (br_if $bytes (i32.le_u (i32.sub (local.get $byte) (i32.const 45)) (i32.const 12)))
        (br_if $bytes (i32.or (i32.eq (local.get $byte) (i32.const 42)) (i32.eq (local.get $byte) (i32.const 95))))
        (if (i32.eq (local.get $byte) (i32.const 40)) (then
          (local.set $depth (i32.add (local.get $depth) (i32.const 1)))
          (br $bytes)))
        (local.set $depth (i32.sub (local.get $depth) (i32.const 1)))
        (br_if $bytes (i32.and (i32.eq (local.get $byte) (i32.const 41)) (i32.ge_s (local.get $depth) (i32.const 0))))
        (local.set $plain (i32.const 0))))
    (i32.store (i32.const 64) (i32.and (local.get $plain) (i32.eqz (local.get $depth))))
    (i32.store (i32.const 68) (local.get $a))
    (i32.store (i32.const 72) (local.get $b)))

  (func $examineFile (param $at i32) (param $end i32)
    (local $hash i32) (local $bits i32)
    (block $done
      (loop $bytes
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $bits (i32.or (local.get $bits) (i32.load8_u (local.get $at))))
        (local.set $hash (i32.mul (i32.xor (local.get $hash) (i32.load8_u (local.get $at))) (i32.const 0x01000193)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $bytes)))
    (i32.store (i32.const 76) (i32.mul (local.get $hash) (i32.const 0x9e3779b1)))
    (i32.store (i32.const 80) (i32.lt_u (local.get $bits) (i32.const 128))))

  ;; Whether [from, to) is printed arguments: only hex words, braces, `?`, `_`, dots, commas and blanks. Of a byte's two halves, each
  ;; says by its bits which of the five rows of such characters it may belong to.
  (func $isPrinted (param $from i32) (param $to i32) (result i32)
    (local $v v128) (local $others i32) (local $left i32)
    (loop $blocks
      (local.set $left (i32.sub (local.get $to) (local.get $from)))
      (if (i32.le_s (local.get $left) (i32.const 0)) (then (return (i32.const 1))))
      (local.set $v (v128.load (local.get $from)))
      (local.set $others (i8x16.bitmask (i8x16.eq
        (v128.and
          (i8x16.swizzle (v128.const i8x16 3 10 10 10 10 10 10 2 18 2 0 16 1 16 1 6)
            (v128.and (local.get $v) (i8x16.splat (i32.const 15))))
          (i8x16.swizzle (v128.const i8x16 0 0 1 2 0 4 8 16 0 0 0 0 0 0 0 0)
            (i8x16.shr_u (local.get $v) (i32.const 4))))
        (v128.const i64x2 0 0))))
      (if (i32.lt_s (local.get $left) (i32.const 16)) (then
        (local.set $others (i32.and (local.get $others)
          (i32.sub (i32.shl (i32.const 1) (local.get $left)) (i32.const 1))))))
      (local.set $from (i32.add (local.get $from) (i32.const 16)))
      (br_if $blocks (i32.eqz (local.get $others))))
    (i32.const 0))

  ;; The set of ids: an entry is u32 id / 32 + 1 and a bit for each of those 32; ids to 2^37. 1 when the id was there or is
  ;; too great; adds it, but for `add` 0.
  (func $hasId (param $id i64) (param $add i32) (result i32)
    (local $block i32) (local $slot i32) (local $at i32) (local $bit i32)
    (if (i64.ge_u (local.get $id) (i64.const 0x1fffffffe0)) (then (return (i32.const 1))))
    (local.set $block (i32.add (i32.wrap_i64 (i64.shr_u (local.get $id) (i64.const 5))) (i32.const 1)))
    (local.set $bit (i32.shl (i32.const 1) (i32.wrap_i64 (local.get $id))))
    (local.set $slot (i32.mul (local.get $block) (i32.const 0x9e3779b1)))
    (local.set $slot (i32.xor (local.get $slot) (i32.shr_u (local.get $slot) (i32.const 15))))
    (block $empty
      (loop $probes
        (local.set $slot (i32.and (local.get $slot) (global.get $idMask)))
        (local.set $at (i32.add (global.get $ids) (i32.shl (local.get $slot) (i32.const 3))))
        (br_if $empty (i32.eqz (i32.load (local.get $at))))
        (if (i32.eq (i32.load (local.get $at)) (local.get $block)) (then
          (if (i32.and (i32.load offset=4 (local.get $at)) (local.get $bit)) (then (return (i32.const 1))))
          (if (local.get $add) (then
            (i32.store offset=4 (local.get $at) (i32.or (i32.load offset=4 (local.get $at)) (local.get $bit)))))
          (return (i32.const 0))))
        (local.set $slot (i32.add (local.get $slot) (i32.const 1)))
        (br $probes)))
    (if (i32.eqz (local.get $add)) (then (return (i32.const 0))))
    (i32.store (local.get $at) (local.get $block))
    (i32.store offset=4 (local.get $at) (local.get $bit))
    (global.set $idBlocks (i32.add (global.get $idBlocks) (i32.const 1)))
    (if (i32.gt_u (i32.mul (global.get $idBlocks) (i32.const 3)) (i32.shl (global.get $idMask) (i32.const 1)))
      (then (call $growIds)))
    (i32.const 0))

  (func (export "hasId") (param $id f64) (param $add i32) (result i32)
    (call $hasId (i64.trunc_f64_u (local.get $id)) (local.get $add)))

  (func $growIds
    (local $old i32) (local $from i32) (local $end i32) (local $slot i32) (local $at i32) (local $entries i32)
    (local.set $old (global.get $ids))
    (local.set $entries (i32.add (global.get $idMask) (i32.const 1)))
    (global.set $idMask (i32.sub (i32.shl (local.get $entries) (i32.const 1)) (i32.const 1)))
    (global.set $ids (call $table (i32.shl (local.get $entries) (i32.const 1))))
    (local.set $from (local.get $old))
    (local.set $end (i32.add (local.get $old) (i32.shl (local.get $entries) (i32.const 3))))
    (loop $all
      (if (i32.load (local.get $from)) (then
        (local.set $slot (i32.mul (i32.load (local.get $from)) (i32.const 0x9e3779b1)))
        (local.set $slot (i32.xor (local.get $slot) (i32.shr_u (local.get $slot) (i32.const 15))))
        (loop $probes
          (local.set $slot (i32.and (local.get $slot) (global.get $idMask)))
          (local.set $at (i32.add (global.get $ids) (i32.shl (local.get $slot) (i32.const 3))))
          (local.set $slot (i32.add (local.get $slot) (i32.const 1)))
          (br_if $probes (i32.load (local.get $at))))
        (i64.store (local.get $at) (i64.load (local.get $from)))))
      (local.set $from (i32.add (local.get $from) (i32.const 8)))
      (br_if $all (i32.lt_u (local.get $from) (local.get $end))))
    (call $retire (local.get $old) (local.get $entries)))

  ;; Integer mixing with full avalanche (MurmurHash3's finaliser), as mixId.
  (func $mixId (param $id i64) (result i32)
    (local $h i32)
    (local.set $h (i32.xor
      (i32.wrap_i64 (local.get $id)) (i32.wrap_i64 (i64.shr_u (local.get $id) (i64.const 32)))))
    (local.set $h (i32.xor (local.get $h) (i32.shr_u (local.get $h) (i32.const 16))))
    (local.set $h (i32.mul (local.get $h) (i32.const 0x85ebca6b)))
    (local.set $h (i32.xor (local.get $h) (i32.shr_u (local.get $h) (i32.const 13))))
    (local.set $h (i32.mul (local.get $h) (i32.const 0xc2b2ae35)))
    (i32.xor (local.get $h) (i32.shr_u (local.get $h) (i32.const 16))))

  ;; Takes the id of a row's member; `count` were there before. Up to 127 ids are words: the row's own 12, then those of blocks of 32
  ;; bytes (u32 next block, 7 words); an id from 2^32 - 1 on is the word 2^32 - 1 and its two halves. From 128 on they are those
  ;; of least hash: a heap, greatest hash on top, of 128 times u32 hash, then 128 times i64 id.
  (func $sample (param $row i32) (param $id i64) (param $count i32)
    (local $heap i32) (local $hash i32)
    (if (i32.lt_u (local.get $count) (i32.const 127)) (then
      (if (i64.lt_u (local.get $id) (i64.const 0xffffffff))
        (then (call $keep (local.get $row) (i32.wrap_i64 (local.get $id))))
        (else
          (call $keep (local.get $row) (i32.const -1))
          (call $keep (local.get $row) (i32.wrap_i64 (local.get $id)))
          (call $keep (local.get $row) (i32.wrap_i64 (i64.shr_u (local.get $id) (i64.const 32))))))
      (return)))
    (if (i32.eq (local.get $count) (i32.const 127)) (then (call $makeHeap (local.get $row) (local.get $id)) (return)))
    (local.set $hash (call $mixId (local.get $id)))
    (local.set $heap (i32.load offset=40 (local.get $row)))
    (if (i32.lt_u (local.get $hash) (i32.load (local.get $heap))) (then
      (call $sift (local.get $heap) (i32.const 0) (local.get $hash) (local.get $id)))))

  ;; Puts a word behind the others.
  (func $keep (param $row i32) (param $word i32)
    (local $count i32) (local $block i32) (local $in i32)
    (local.set $count (i32.load offset=72 (local.get $row)))
    (i32.store offset=72 (local.get $row) (i32.add (local.get $count) (i32.const 1)))
    (if (i32.lt_u (local.get $count) (i32.const 12)) (then
      (i32.store offset=80 (i32.add (local.get $row) (i32.shl (local.get $count) (i32.const 2))) (local.get $word))
      (return)))
    (local.set $in (i32.rem_u (i32.sub (local.get $count) (i32.const 12)) (i32.const 7)))
    (if (i32.eqz (local.get $in))
      (then
        (local.set $block (call $alloc (i32.const 32)))
        (i32.store
          (select (i32.add (local.get $row) (i32.const 76)) (i32.load offset=40 (local.get $row))
            (i32.eq (local.get $count) (i32.const 12)))
          (local.get $block))
        (i32.store offset=40 (local.get $row) (local.get $block)))
      (else (local.set $block (i32.load offset=40 (local.get $row)))))
    (i32.store offset=4 (i32.add (local.get $block) (i32.shl (local.get $in) (i32.const 2))) (local.get $word)))

  ;; The 128th id: from words to a heap.
  (func $makeHeap (param $row i32) (param $id i64)
    (local $heap i32) (local $at i32) (local $left i32) (local $word i32) (local $n i32) (local $one i64) (local $halves i32)
    (local.set $heap (call $alloc (i32.const 1536)))
    (local.set $at (i32.add (local.get $row) (i32.const 80)))
    (local.set $left (i32.const 12))
    (loop $words
      (local.set $word (i32.load (local.get $at)))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (if (i32.eqz (local.get $left)) (then
        (local.set $left (i32.const 7))
        ;; Behind the row's own words its first block, behind a block's the next one.
        (local.set $at (i32.add (i32.const 4)
          (if (result i32) (i32.eq (local.get $at) (i32.add (local.get $row) (i32.const 128)))
            (then (i32.load offset=76 (local.get $row)))
            (else (i32.load (i32.sub (local.get $at) (i32.const 32)))))))))
      (if (i32.and (i32.eq (local.get $word) (i32.const -1)) (i32.eqz (local.get $halves)))
        (then (local.set $halves (i32.const 2)) (br $words)))
      (if (i32.eq (local.get $halves) (i32.const 2)) (then
        (local.set $one (i64.extend_i32_u (local.get $word)))
        (local.set $halves (i32.const 1))
        (br $words)))
      (if (local.get $halves)
        (then
          (local.set $one (i64.or (local.get $one) (i64.shl (i64.extend_i32_u (local.get $word)) (i64.const 32))))
          (local.set $halves (i32.const 0)))
        (else (local.set $one (i64.extend_i32_u (local.get $word)))))
      (call $set (local.get $heap) (local.get $n) (call $mixId (local.get $one)) (local.get $one))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $words (i32.lt_u (local.get $n) (i32.const 127))))
    (call $set (local.get $heap) (local.get $n) (call $mixId (local.get $id)) (local.get $id))
    (i32.store offset=40 (local.get $row) (local.get $heap))
    (local.set $n (i32.const 64))
    (loop $down
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (call $sift (local.get $heap) (local.get $n)
        (i32.load (i32.add (local.get $heap) (i32.shl (local.get $n) (i32.const 2))))
        (i64.load offset=512 (i32.add (local.get $heap) (i32.shl (local.get $n) (i32.const 3)))))
      (br_if $down (local.get $n))))

  (func $set (param $heap i32) (param $at i32) (param $hash i32) (param $id i64)
    (i32.store (i32.add (local.get $heap) (i32.shl (local.get $at) (i32.const 2))) (local.get $hash))
    (i64.store offset=512 (i32.add (local.get $heap) (i32.shl (local.get $at) (i32.const 3))) (local.get $id)))

  ;; Puts hash and id into the heap at `at`, whose own are lost, and down to where they belong.
  (func $sift (param $heap i32) (param $at i32) (param $hash i32) (param $id i64)
    (local $child i32) (local $childHash i32)
    (block $done
      (loop $levels
        (local.set $child (i32.add (i32.shl (local.get $at) (i32.const 1)) (i32.const 1)))
        (br_if $done (i32.ge_u (local.get $child) (i32.const 128)))
        (local.set $childHash (i32.load (i32.add (local.get $heap) (i32.shl (local.get $child) (i32.const 2)))))
        (if (i32.lt_u (local.get $child) (i32.const 127)) (then
          (if (i32.gt_u (i32.load offset=4 (i32.add (local.get $heap) (i32.shl (local.get $child) (i32.const 2))))
                (local.get $childHash)) (then
            (local.set $child (i32.add (local.get $child) (i32.const 1)))
            (local.set $childHash (i32.load (i32.add (local.get $heap) (i32.shl (local.get $child) (i32.const 2)))))))))
        (br_if $done (i32.le_u (local.get $childHash) (local.get $hash)))
        (call $set (local.get $heap) (local.get $at) (local.get $childHash)
          (i64.load offset=512 (i32.add (local.get $heap) (i32.shl (local.get $child) (i32.const 3)))))
        (local.set $at (local.get $child))
        (br $levels)))
    (call $set (local.get $heap) (local.get $at) (local.get $hash) (local.get $id)))

  ;; Counts one goroutine.
  (func $count (param $row i32) (param $id i64) (param $minutes i32) (param $marks i32) (param $creator i64)
    (local $count i32)
    (i32.store (i32.const 60) (i32.add (i32.load (i32.const 60)) (i32.const 1)))
    (local.set $row (i32.load offset=48 (local.get $row)))
    (local.set $count (i32.load offset=8 (local.get $row)))
    (i32.store offset=8 (local.get $row) (i32.add (local.get $count) (i32.const 1)))
    (if (i32.eqz (local.get $count))
      (then (i64.store offset=32 (local.get $row) (local.get $creator)))
      (else (if (i64.ne (i64.load offset=32 (local.get $row)) (local.get $creator)) (then
        (i64.store offset=32 (local.get $row) (i64.const -1))))))
    (if (i32.ge_s (local.get $minutes) (i32.const 0))
      (then
        ;; -1, no wait yet, is the greatest of the unsigned and the least of the signed.
        (if (i32.lt_u (local.get $minutes) (i32.load offset=12 (local.get $row))) (then
          (i32.store offset=12 (local.get $row) (local.get $minutes))))
        (if (i32.gt_s (local.get $minutes) (i32.load offset=16 (local.get $row))) (then
          (i32.store offset=16 (local.get $row) (local.get $minutes)))))
      (else (if (i32.eqz (i32.and (local.get $marks) (i32.const 8))) (then
        (i32.store offset=20 (local.get $row) (i32.const 1))))))
    (if (i32.and (local.get $marks) (i32.const 12)) (then
      (i32.store offset=24 (local.get $row) (i32.add (i32.load offset=24 (local.get $row))
        (i32.and (i32.shr_u (local.get $marks) (i32.const 2)) (i32.const 1))))
      (i32.store offset=28 (local.get $row) (i32.add (i32.load offset=28 (local.get $row))
        (i32.and (i32.shr_u (local.get $marks) (i32.const 3)) (i32.const 1))))))
    (call $sample (local.get $row) (local.get $id) (local.get $count)))

  (func (export "count") (param $row i32) (param $id f64) (param $minutes i32) (param $marks i32) (param $creator f64)
    (call $count (local.get $row) (i64.trunc_f64_u (local.get $id)) (local.get $minutes) (local.get $marks)
      (i64.trunc_f64_u (local.get $creator))))

  ;; Takes the records in [from, to) as long as they are plain and known. Why it stopped (where, says address 0):
  ;;   0 the record is not plain, 1 it goes on behind `to`, 2 its header's words are not known, 3 its stack is not known,
  ;;   4 it was taken, and the host wants to see it: `each` is 1, or it has labels.
  ;; `quiet`: nothing crashed, so that a second running goroutine begins another dump.
  (func (export "scan") (param $from i32) (param $to i32) (param $quiet i32) (param $each i32) (result i32)
    (local $p i32) (local $start i32) (local $newline i32) (local $mark i32) (local $mask i32) (local $marks i32)
    (local $id i64) (local $creator i64) (local $hash i64) (local $digit i32) (local $hasGp i32)
    (local $frame i32) (local $last i32) (local $lines i32) (local $place i32) (local $row i32) (local $wordsStart i32)
    (local $v v128) (local $isNewline v128) (local $isOpen v128) (local $isColon v128)
    (local.set $isNewline (i8x16.splat (i32.const 10)))
    (local.set $isOpen (i8x16.splat (i32.const 40)))
    (local.set $isColon (i8x16.splat (i32.const 58)))
    (i32.store (i32.const 4) (i32.const 0))
    (loop $records
      (i32.store (i32.const 0) (local.get $from))
      ;; `goroutine ` and the id, of at most 15 digits.
      (if (i32.lt_s (i32.sub (local.get $to) (local.get $from)) (i32.const 20)) (then (return (i32.const 1))))
      (if (i64.ne (i64.load (local.get $from)) (i64.const 0x6e6974756f726f67)) (then (return (i32.const 0))))
      (if (i32.ne (i32.load16_u offset=8 (local.get $from)) (i32.const 0x2065)) (then (return (i32.const 0))))
      (local.set $p (i32.add (local.get $from) (i32.const 10)))
      (local.set $start (local.get $p))
      ;; The header's newline.
      (loop $blocks
        (local.set $mask (i8x16.bitmask (i8x16.eq (v128.load (local.get $p)) (local.get $isNewline))))
        (if (i32.eqz (local.get $mask)) (then
          (local.set $p (i32.add (local.get $p) (i32.const 16)))
          (br_if $blocks (i32.lt_u (local.get $p) (local.get $to)))
          (return (i32.const 1)))))
      (local.set $newline (i32.add (local.get $p) (i32.ctz (local.get $mask))))
      (if (i32.ge_u (local.get $newline) (local.get $to)) (then (return (i32.const 1))))
      (local.set $p (local.get $start))
      (local.set $id (i64.const 0))
      (block $noDigit
        (loop $digits
          (local.set $digit (i32.sub (i32.load8_u (local.get $p)) (i32.const 48)))
          (br_if $noDigit (i32.gt_u (local.get $digit) (i32.const 9)))
          (local.set $id (i64.add (i64.mul (local.get $id) (i64.const 10)) (i64.extend_i32_u (local.get $digit))))
          (local.set $p (i32.add (local.get $p) (i32.const 1)))
          (br_if $digits (i32.lt_u (i32.sub (local.get $p) (local.get $start)) (i32.const 16)))))
      (if (i32.or (i32.eq (local.get $p) (local.get $start))
            (i32.or (i32.gt_u (i32.sub (local.get $p) (local.get $start)) (i32.const 15))
              (i32.ne (i32.load8_u (local.get $p)) (i32.const 32))))
        (then (return (i32.const 0))))
      (local.set $start (i32.add (local.get $p) (i32.const 1)))
      (local.set $hasGp (i32.eq (i32.load8_u (local.get $start)) (i32.const 103)))
      (if (local.get $hasGp) (then
        (loop $bytes
          (if (i32.ne (i32.load8_u (local.get $start)) (i32.const 91)) (then
            (local.set $start (i32.add (local.get $start) (i32.const 1)))
            (br_if $bytes (i32.lt_u (local.get $start) (local.get $newline))))))))
      ;; `[words]:`
      (if (i32.or (i32.ge_u (i32.add (local.get $start) (i32.const 2)) (local.get $newline))
            (i32.or (i32.ne (i32.load8_u (local.get $start)) (i32.const 91))
              (i32.ne (i32.load16_u (i32.sub (local.get $newline) (i32.const 2))) (i32.const 0x3a5d))))
        (then (return (i32.const 0))))
      (local.set $wordsStart (i32.add (local.get $start) (i32.const 1)))
      (i32.store (i32.const 8) (local.get $wordsStart))
      (i32.store (i32.const 12) (i32.sub (local.get $newline) (i32.const 2)))
      (local.set $lines (i32.const 2))
      (local.set $frame (i32.const 1024))
      (local.set $last (i32.const 0))
      (local.set $creator (i64.const 0))
      (block $stackEnd
        (loop $frames
          (local.set $p (i32.add (local.get $newline) (i32.const 1)))
          (if (i32.ge_u (local.get $p) (local.get $to)) (then (return (i32.const 1))))
          (local.set $digit (i32.load8_u (local.get $p)))
          (br_if $stackEnd (i32.eq (local.get $digit) (i32.const 10)))
          ;; Nothing but a blank line follows a creator, and there is an end to the room for frames.
          (if (i32.or (local.get $last) (i32.ge_u (local.get $frame) (i32.const 132064))) (then (return (i32.const 0))))
          (local.set $start (local.get $p))
          (local.set $mark (i32.const 0))
          ;; The newline, and the last `(` before it.
          (loop $blocks
            (local.set $v (v128.load (local.get $p)))
            (local.set $mask (i8x16.bitmask (i8x16.eq (local.get $v) (local.get $isNewline))))
            (local.set $marks (i8x16.bitmask (i8x16.eq (local.get $v) (local.get $isOpen))))
            (if (local.get $mask) (then
              (local.set $marks (i32.and (local.get $marks)
                (i32.and (i32.sub (local.get $mask) (i32.const 1)) (i32.xor (local.get $mask) (i32.const -1)))))))
            (if (local.get $marks) (then
              (local.set $mark (i32.sub (i32.add (local.get $p) (i32.const 31)) (i32.clz (local.get $marks))))))
            (if (i32.eqz (local.get $mask)) (then
              (local.set $p (i32.add (local.get $p) (i32.const 16)))
              (br_if $blocks (i32.lt_u (local.get $p) (local.get $to)))
              (return (i32.const 1)))))
          (local.set $newline (i32.add (local.get $p) (i32.ctz (local.get $mask))))
          (if (i32.ge_u (local.get $newline) (local.get $to)) (then (return (i32.const 1))))
          (if (i32.eq (i32.load8_u (i32.sub (local.get $newline) (i32.const 1))) (i32.const 41))
            (then
              (if (i32.le_u (local.get $mark) (local.get $start)) (then (return (i32.const 0))))
              (if (i32.eqz (call $isPrinted
                    (i32.add (local.get $mark) (i32.const 1)) (i32.sub (local.get $newline) (i32.const 1))))
                (then (return (i32.const 0))))
              (i32.store (local.get $frame) (local.get $start))
              (i32.store offset=4 (local.get $frame) (local.get $mark)))
            (else
              ;; `created by NAME` and perhaps ` in goroutine N`.
              (if (i32.lt_u (i32.sub (local.get $newline) (local.get $start)) (i32.const 12)) (then (return (i32.const 0))))
              (if (i64.ne (i64.load (local.get $start)) (i64.const 0x2064657461657263)) (then (return (i32.const 0))))
              (if (i32.ne (i32.load offset=7 (local.get $start)) (i32.const 0x20796220)) (then (return (i32.const 0))))
              (local.set $last (i32.const 1))
              (local.set $p (local.get $newline))
              (loop $digits
                (local.set $p (i32.sub (local.get $p) (i32.const 1)))
                (br_if $digits (i32.le_u (i32.sub (i32.load8_u (local.get $p)) (i32.const 48)) (i32.const 9))))
              (local.set $mark (local.get $newline))
              (if (i32.and
                    (i32.and (i32.lt_u (local.get $p) (i32.sub (local.get $newline) (i32.const 1)))
                      (i32.ge_u (local.get $p) (i32.add (local.get $start) (i32.const 25))))
                    (i32.lt_u (i32.sub (local.get $newline) (local.get $p)) (i32.const 17)))
                (then
                  (if (i32.and
                        (i64.eq (i64.load (i32.sub (local.get $p) (i32.const 13))) (i64.const 0x6f726f67206e6920))
                        (i64.eq (i64.load (i32.sub (local.get $p) (i32.const 7))) (i64.const 0x20656e6974756f72)))
                    (then
                      (local.set $mark (i32.sub (local.get $p) (i32.const 13)))
                      (loop $digits
                        (local.set $p (i32.add (local.get $p) (i32.const 1)))
                        (if (i32.lt_u (local.get $p) (local.get $newline)) (then
                          (local.set $creator (i64.add (i64.mul (local.get $creator) (i64.const 10))
                            (i64.extend_i32_u (i32.sub (i32.load8_u (local.get $p)) (i32.const 48)))))
                          (br $digits))))))))
              (i32.store (local.get $frame) (i32.add (local.get $start) (i32.const 11)))
              (i32.store offset=4 (local.get $frame) (local.get $mark))))
          (i32.store offset=16 (local.get $frame) (local.get $last))
          ;; The place: tab, FILE:LINE, and offset and registers if any.
          (local.set $p (i32.add (local.get $newline) (i32.const 1)))
          (if (i32.ge_u (local.get $p) (local.get $to)) (then (return (i32.const 1))))
          (if (i32.ne (i32.load8_u (local.get $p)) (i32.const 9)) (then (return (i32.const 0))))
          (local.set $start (i32.add (local.get $p) (i32.const 1)))
          (local.set $mark (i32.const 0))
          (loop $blocks
            (local.set $v (v128.load (local.get $p)))
            (local.set $mask (i8x16.bitmask (i8x16.eq (local.get $v) (local.get $isNewline))))
            (local.set $marks (i8x16.bitmask (i8x16.eq (local.get $v) (local.get $isColon))))
            (if (local.get $mask) (then
              (local.set $marks (i32.and (local.get $marks)
                (i32.and (i32.sub (local.get $mask) (i32.const 1)) (i32.xor (local.get $mask) (i32.const -1)))))))
            (if (local.get $marks) (then
              (local.set $mark (i32.sub (i32.add (local.get $p) (i32.const 31)) (i32.clz (local.get $marks))))))
            (if (i32.eqz (local.get $mask)) (then
              (local.set $p (i32.add (local.get $p) (i32.const 16)))
              (br_if $blocks (i32.lt_u (local.get $p) (local.get $to)))
              (return (i32.const 1)))))
          (local.set $newline (i32.add (local.get $p) (i32.ctz (local.get $mask))))
          (if (i32.ge_u (local.get $newline) (local.get $to)) (then (return (i32.const 1))))
          (if (i32.le_u (local.get $mark) (local.get $start)) (then (return (i32.const 0))))
          (local.set $p (local.get $mark))
          (loop $digits
            (local.set $p (i32.add (local.get $p) (i32.const 1)))
            (br_if $digits (i32.le_u (i32.sub (i32.load8_u (local.get $p)) (i32.const 48)) (i32.const 9))))
          (if (i32.eq (local.get $p) (i32.add (local.get $mark) (i32.const 1))) (then (return (i32.const 0))))
          (i32.store offset=8 (local.get $frame) (local.get $start))
          (i32.store offset=12 (local.get $frame) (local.get $p))
          (i32.store offset=20 (local.get $frame) (local.get $mark))
          (if (i32.ne (local.get $p) (local.get $newline)) (then
            (if (i32.eq (i32.load (local.get $p)) (i32.const 0x78302b20)) (then
              (local.set $p (i32.add (local.get $p) (i32.const 3)))
              (loop $digits
                (local.set $p (i32.add (local.get $p) (i32.const 1)))
                (br_if $digits (call $isHex (i32.load8_u (local.get $p)))))))
            (if (i32.ne (local.get $p) (local.get $newline)) (then
              ;; ` fp=0x`, ` sp=0x`, ` pc=0x`.
              (local.set $p (call $skipHex (local.get $p) (i64.const 0x78303d706620)))
              (local.set $p (call $skipHex (local.get $p) (i64.const 0x78303d707320)))
              (local.set $p (call $skipHex (local.get $p) (i64.const 0x78303d637020)))
              (if (i32.ne (local.get $p) (local.get $newline)) (then (return (i32.const 0))))))))
          (local.set $lines (i32.add (local.get $lines) (i32.const 2)))
          (local.set $frame (i32.add (local.get $frame) (i32.const 32)))
          (br $frames)))
      (local.set $frame (i32.shr_u (i32.sub (local.get $frame) (i32.const 1024)) (i32.const 5)))
      (if (i32.eqz (local.get $frame)) (then (return (i32.const 0))))
      (local.set $hash (call $hashWords (local.get $wordsStart) (i32.load (i32.const 12))))
      (local.set $place (call $placeOf (local.get $hash)))
      (if (i64.ne (i64.load (local.get $place)) (local.get $hash)) (then (return (i32.const 2))))
      (local.set $marks (i32.load offset=16 (local.get $place)))
      (if (i32.and (local.get $marks) (i32.const 3)) (then
        (if (i32.or (i32.and (local.get $marks) (i32.const 2))
              (i32.and (local.get $quiet)
                (i32.and (i32.eqz (local.get $hasGp)) (i32.ne (i32.load (i32.const 60)) (i32.const 0)))))
          (then (return (i32.const 0))))))
      (local.set $row (call $find (local.get $frame) (i32.load offset=12 (local.get $place))))
      (i32.store (i32.const 16) (local.get $frame))
      (if (i32.eqz (local.get $row)) (then
        (i32.store (i32.const 48) (local.get $place))
        (return (i32.const 3))))
      (if (i64.ne (local.get $id) (i64.const 0)) (then
        (if (call $hasId (local.get $id) (i32.const 1)) (then (return (i32.const 0))))))
      (call $count (local.get $row) (local.get $id) (i32.load offset=8 (local.get $place)) (local.get $marks)
        (local.get $creator))
      (i32.store (i32.const 4) (i32.add (i32.load (i32.const 4)) (local.get $lines)))
      (local.set $from (i32.add (local.get $newline) (i32.const 2)))
      (if (i32.or (local.get $each) (i32.and (local.get $marks) (i32.const 16))) (then
        (i32.store (i32.const 0) (local.get $from))
        (i32.store (i32.const 20) (local.get $row))
        (i64.store (i32.const 24) (local.get $id))
        (i64.store (i32.const 32) (local.get $creator))
        (i32.store (i32.const 48) (local.get $place))
        (return (i32.const 4))))
      (br $records))
    (unreachable))

  ;; Behind these 6 bytes and the digits that follow them, if they stand at `p`.
  (func $skipHex (param $p i32) (param $bytes i64) (result i32)
    (if (i64.ne (i64.and (i64.load (local.get $p)) (i64.const 0xffffffffffff)) (local.get $bytes))
      (then (return (local.get $p))))
    (local.set $p (i32.add (local.get $p) (i32.const 5)))
    (loop $digits
      (local.set $p (i32.add (local.get $p) (i32.const 1)))
      (br_if $digits (call $isHex (i32.load8_u (local.get $p)))))
    (local.get $p))

  (func $isHex (param $byte i32) (result i32)
    (i32.or
      (i32.le_u (i32.sub (local.get $byte) (i32.const 48)) (i32.const 9))
      (i32.le_u (i32.sub (local.get $byte) (i32.const 97)) (i32.const 5))))
)
