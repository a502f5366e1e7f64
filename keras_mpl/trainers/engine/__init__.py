"""What every method runs on: one network's pass and step, and Keras' surface.

`forward.py`, `learner.py`, `batching.py` and `pseudo_labels.py` compute with
one network; `paired_model.py` is `compile`, `fit` and `evaluate`; `loop.py` and
`distribution.py` know of replicas; `method.py` and `student_method.py` are what
a new method inherits. It must not know any method or any kind of feedback.
"""
