"""How good the students are: whole trainings over seeds, recorded.

Here are the runs of recipes, the ablation of the feedback and two moons. It
must not know what a step costs, nor how a page shows its records.
"""
