;; Another length of input than of output; the output starts at address 0.
(module
  (memory (export "memory") 1 1)
  (func (export "abi") (result i32) (i32.const 1))
  (func (export "init") (param i32) (result i32) (i32.const 0))
  (func (export "input") (param i32) (result i32) (i32.const 16))
  (func (export "infer") (param i32) (result i32)
    (i32.store8 (i32.const 0) (i32.load8_u (i32.const 16)))
    (i32.const 1))
  (func (export "output") (result i32) (i32.const 0)))
