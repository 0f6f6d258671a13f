;; Not valid: a f32 where infer must return an i32.
(module
  (memory (export "memory") 1 1)
  (func (export "abi") (result i32) (i32.const 1))
  (func (export "init") (param i32) (result i32) (i32.const 0))
  (func (export "input") (param i32) (result i32)
    (select (i32.const 16) (i32.const 0) (i32.le_u (local.get 0) (i32.const 4))))
  (func (export "infer") (param i32) (result i32) (f32.const 1))
  (func (export "output") (result i32) (i32.const 32)))
