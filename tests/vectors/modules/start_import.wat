;; The start function calls an import, so it cannot run before that is linked.
(module
  (import "host" "note" (func $note (param i32)))
  (func $start (call $note (i32.const 1)))
  (start $start)
  (func (export "get") (result i32) (i32.const 2)))
