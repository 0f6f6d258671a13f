;; The start function leaves a trace.
(module
  (memory (export "memory") 1 1)
  (global $started (export "started") (mut i32) (i32.const 0))
  (func $start (global.set $started (i32.add (global.get $started) (i32.const 1))))
  (start $start)
  (func (export "get") (result i32) (global.get $started)))
