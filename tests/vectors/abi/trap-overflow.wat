;; The smallest i32 divided by -1.
(module
  (memory (export "memory") 1 1)
  (func (export "abi") (result i32) (i32.const 1))
  (func (export "init") (param i32) (result i32) (i32.const 0))
  (func (export "input") (param i32) (result i32)
    (select (i32.const 16) (i32.const 0) (i32.le_u (local.get 0) (i32.const 4))))
  (func (export "infer") (param i32) (result i32)
    (i32.div_s (i32.const 0x80000000) (i32.sub (i32.load (i32.const 16)) (i32.const 1))))
  (func (export "output") (result i32) (i32.const 32)))
