;; A declared maximum of no pages: wasm3 takes it for none declared.
(module
  (memory (export "memory") 0 0)
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "load") (param i32) (result i32) (i32.load (local.get 0))))
