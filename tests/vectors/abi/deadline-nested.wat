;; An endless loop around one that ends.
(module
  (memory (export "memory") 1 1)
  (func (export "abi") (result i32) (i32.const 1))
  (func (export "init") (param i32) (result i32) (i32.const 0))
  (func (export "input") (param i32) (result i32)
    (select (i32.const 16) (i32.const 0) (i32.le_u (local.get 0) (i32.const 4))))
  (func (export "infer") (param i32) (result i32) (local i32)
    (loop $outer
      (local.set 1 (i32.const 1000))
      (loop $inner
        (local.set 1 (i32.sub (local.get 1) (i32.const 1)))
        (br_if $inner (local.get 1)))
      (br $outer))
    (i32.const 4))
  (func (export "output") (result i32) (i32.const 32)))
