"""Whether a run ends the same under other strategies and after kills.

It must not know how good a student becomes, nor how a page shows its records.
"""
