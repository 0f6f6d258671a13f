;; memory.size gives the pages that are declared; memory.grow fails, the maximum is reached.
(module
  (memory (export "memory") 1 1)
  (func (export "abi") (result i32) (i32.const 1))
  (func (export "init") (param i32) (result i32) (i32.const 0))
  (func (export "input") (param i32) (result i32)
    (select (i32.const 16) (i32.const 0) (i32.le_u (local.get 0) (i32.const 4))))
  (func (export "infer") (param i32) (result i32)
    (i32.store (i32.const 32) (memory.size))
    (i32.store (i32.const 36) (memory.grow (i32.const 1)))
    (i32.store (i32.const 40) (memory.size))
    (i32.const 12))
  (func (export "output") (result i32) (i32.const 32)))
