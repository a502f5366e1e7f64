"""What several benchmarks share: records, flags, seeds, timing, statistics.

It must not know any single benchmark, nor what a record of one contains.
"""
