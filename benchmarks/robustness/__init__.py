"""Whether a run ends the same elsewhere, and whether tests notice faults.

It must not know how good a student becomes, nor how a page shows its records.
"""
