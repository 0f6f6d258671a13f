;; Logs two lines, one of them longer than 128 bytes.
(module
  (import "env" "log" (func $log (param i32 i32)))
  (memory (export "memory") 1 1)
  (func (export "abi") (result i32) (i32.const 1))
  (func (export "init") (param i32) (result i32) (i32.const 0))
  (func (export "input") (param i32) (result i32)
    (select (i32.const 16) (i32.const 0) (i32.le_u (local.get 0) (i32.const 4))))
  (func (export "infer") (param i32) (result i32)
    (call $log (i32.const 64) (i32.const 14))
    (call $log (i32.const 64) (i32.const 200))
    (i32.const 4))
  (func (export "output") (result i32) (i32.const 32))
  (data (i32.const 64) "hello from wat"))
