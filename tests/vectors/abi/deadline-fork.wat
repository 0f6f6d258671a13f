;; Two to the power of 40 calls, none of them deep, no loop.
(module
  (memory (export "memory") 1 1)
  (func (export "abi") (result i32) (i32.const 1))
  (func (export "init") (param i32) (result i32) (i32.const 0))
  (func (export "input") (param i32) (result i32)
    (select (i32.const 16) (i32.const 0) (i32.le_u (local.get 0) (i32.const 4))))
  (func (export "infer") (param i32) (result i32)
    (call $fork (i32.const 40))
    (i32.const 4))
  (func (export "output") (result i32) (i32.const 32))
  (func $fork (param i32)
    (if (local.get 0) (then
      (call $fork (i32.sub (local.get 0) (i32.const 1)))
      (call $fork (i32.sub (local.get 0) (i32.const 1)))))))
