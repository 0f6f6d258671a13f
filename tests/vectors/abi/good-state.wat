;; Counts its calls: state lasts from one call to the next.
(module
  (global $calls (mut i32) (i32.const 0))
  (memory (export "memory") 1 1)
  (func (export "abi") (result i32) (i32.const 1))
  (func (export "init") (param i32) (result i32) (i32.const 0))
  (func (export "input") (param i32) (result i32)
    (select (i32.const 16) (i32.const 0) (i32.le_u (local.get 0) (i32.const 4))))
  (func (export "infer") (param i32) (result i32)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (i32.store (i32.const 32) (global.get $calls))
    (i32.const 4))
  (func (export "output") (result i32) (i32.const 32)))
