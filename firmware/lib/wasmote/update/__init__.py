# Other versions of agents on a node that runs: brought, checked, tried, kept or taken back.
# SPEC.md section 11.
