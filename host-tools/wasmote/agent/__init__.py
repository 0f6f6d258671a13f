"""Agents and their bundles on the host: build, check, run (SPEC.md, sections 1 to 3)."""
