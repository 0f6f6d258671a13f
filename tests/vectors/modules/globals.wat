;; A global of each type, and one that cannot be set.
(module
  (global $i32 (export "i32") (mut i32) (i32.const -7))
  (global $i64 (export "i64") (mut i64) (i64.const 0x8000000000000000))
  (global $f32 (export "f32") (mut f32) (f32.const 1.5))
  (global $f64 (export "f64") (mut f64) (f64.const -0.1))
  (global (export "fixed") i32 (i32.const 42))
  (global $hidden (mut i32) (i32.const 0))
  (func (export "get_i32") (result i32) (global.get $i32))
  (func (export "get_i64") (result i64) (global.get $i64))
  (func (export "add_i32") (param i32) (global.set $i32 (i32.add (global.get $i32) (local.get 0)))))
