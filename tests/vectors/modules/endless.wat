;; Everything that does not end by itself.
(module
  (func (export "bare") (loop (br 0)))
  (func (export "branch_if") (loop (br_if 0 (i32.const 1))))
  (func (export "table") (param i32)
    (loop (block (br_table 0 1 (local.get 0)))))
  (func (export "nested")
    (loop $outer (loop $inner (br_if $inner (i32.const 0)) (br $outer))))
  (func $ping (export "ping") (call $pong))
  (func $pong (call $ping))
  ;; 2 to the power of n calls, never deeper than n.
  (func $fork (export "fork") (param i32)
    (if (local.get 0) (then
      (call $fork (i32.sub (local.get 0) (i32.const 1)))
      (call $fork (i32.sub (local.get 0) (i32.const 1))))))
  (func (export "finite") (param $n i32) (result i32)
    (local $sum i32)
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (local.get $n)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum)))
