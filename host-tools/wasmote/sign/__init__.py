"""Signatures and keys (SPEC.md, 10): who may say which agents nodes run."""
