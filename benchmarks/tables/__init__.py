"""Turns records into the tables and figures of the pages.

It may know every benchmark and its records. It must not measure anything that
is recorded, and nothing outside it may know how a table looks.
"""
