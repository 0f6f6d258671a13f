"""Exact instruction counts on an emulated board (make bench)."""
