;; Every type in and out, alone and several at once.
(module
  (func (export "i32") (param i32) (result i32) (local.get 0))
  (func (export "i64") (param i64) (result i64) (local.get 0))
  (func (export "f32") (param f32) (result f32) (local.get 0))
  (func (export "f64") (param f64) (result f64) (local.get 0))
  (func (export "nothing"))
  (func (export "add_i32") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "mul_i64") (param i64 i64) (result i64) (i64.mul (local.get 0) (local.get 1)))
  (func (export "less_u32") (param i32 i32) (result i32) (i32.lt_u (local.get 0) (local.get 1)))
  (func (export "less_u64") (param i64 i64) (result i32) (i64.lt_u (local.get 0) (local.get 1)))
  (func (export "div_f64") (param f64 f64) (result f64) (f64.div (local.get 0) (local.get 1)))
  (func (export "div_f32") (param f32 f32) (result f32) (f32.div (local.get 0) (local.get 1)))
  (func (export "bits_f64") (param f64) (result i64) (i64.reinterpret_f64 (local.get 0)))
  ;; The same in bits, for hosts whose own floats have less precision.
  (func (export "div_f64_bits") (param i64 i64) (result i64)
    (i64.reinterpret_f64
      (f64.div (f64.reinterpret_i64 (local.get 0)) (f64.reinterpret_i64 (local.get 1)))))
  (func (export "trunc_f64_bits") (param i64) (result i32)
    (i32.trunc_f64_s (f64.reinterpret_i64 (local.get 0))))
  (func (export "bits_f32") (param f32) (result i32) (i32.reinterpret_f32 (local.get 0)))
  (func (export "trunc_f64") (param f64) (result i32) (i32.trunc_f64_s (local.get 0)))
  (func (export "trunc_f64_u") (param f64) (result i32) (i32.trunc_f64_u (local.get 0)))
  (func (export "nearest_f64") (param f64) (result f64) (f64.nearest (local.get 0)))
  (func (export "sqrt_f32") (param f32) (result f32) (f32.sqrt (local.get 0)))
  (func (export "swap") (param i32 i64) (result i64 i32) (local.get 1) (local.get 0))
  (func (export "all") (param i32 i64 f32 f64) (result f64 f32 i64 i32)
    (local.get 3) (local.get 2) (local.get 1) (local.get 0))
  (func (export "mixed") (param i32 f64 i32 f32 i64 i32) (result f64)
    (f64.add
      (f64.add (f64.convert_i32_s (local.get 0)) (local.get 1))
      (f64.add
        (f64.add (f64.convert_i32_s (local.get 2)) (f64.promote_f32 (local.get 3)))
        (f64.add (f64.convert_i64_s (local.get 4)) (f64.convert_i32_s (local.get 5)))))))
