;; Input and output are the last eight bytes of memory_bytes = 40.
(module
  (memory (export "memory") 1 1)
  (func (export "abi") (result i32) (i32.const 1))
  (func (export "init") (param i32) (result i32) (i32.const 0))
  (func (export "input") (param i32) (result i32) (i32.const 32))
  (func (export "infer") (param i32) (result i32)
    (i32.store (i32.const 36) (i32.load (i32.const 32)))
    (i32.const 4))
  (func (export "output") (result i32) (i32.const 36)))
