"""Names become objects: data, views, networks, optimizers, stages, strategies.

A recipe says `wrn_10_1` and `digits`; the modules here make a network and
arrays of it, and refuse what cannot be used before any training begins. They
know recipes, data, models and trainers. They must not know that there is a run
folder with snapshots, nor read one that is finished.
"""
