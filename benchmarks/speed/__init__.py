"""What a step costs: time, memory, operations, counted or measured.

It must not know how good a student becomes, nor how a page shows its records.
"""
