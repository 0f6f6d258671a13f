;; Names that begin alike, two of them with a NUL.
(module
  (func (export "") (result i32) (i32.const 0))
  (func (export "a") (result i32) (i32.const 1))
  (func (export "a\00") (result i32) (i32.const 2))
  (func (export "a\00b") (result i32) (i32.const 3))
  (func (export "\e2\9c\93") (result i32) (i32.const 4))
  (global (export "g") i32 (i32.const 5))
  (global (export "g\00") i32 (i32.const 6)))
