;; init takes no argument.
(module
  (memory (export "memory") 1 1)
  (func (export "abi") (result i32) (i32.const 1))
  (func (export "init") (result i32) (i32.const 0))
  (func (export "input") (param i32) (result i32)
    (select (i32.const 16) (i32.const 0) (i32.le_u (local.get 0) (i32.const 4))))
  (func (export "infer") (param i32) (result i32)
    (if (i32.ne (local.get 0) (i32.const 4)) (then (return (i32.const -1))))
    (i32.store (i32.const 32) (i32.add (i32.load (i32.const 16)) (i32.const 0x01010101)))
    (i32.const 4))
  (func (export "output") (result i32) (i32.const 32)))
