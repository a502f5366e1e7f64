"""The curve over length once more, in JAX, for a GPU: another implementation.

Views, network and methods are written anew, from the papers' equations, and
`tests/benchmarks/replication` holds each of them equal to the package's own.
What trains (`run` and below) imports neither TensorFlow nor `keras_mpl`.
"""
