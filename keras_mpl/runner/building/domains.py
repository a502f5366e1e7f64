"""The data sets, views and networks of tables, texts and points, by name.

A new domain is registered here; nothing below the runner has to know of it.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from keras_mpl.augment import rows
from keras_mpl.data import tabular
from keras_mpl.data import text
from keras_mpl.data import toy
from keras_mpl.models import embedding
from keras_mpl.models import mlp

DATASETS: dict[str, Callable[[], Any]] = {
    "breast_cancer": tabular.breast_cancer,
    "topics": text.topics,
    # 2,000 points to learn from, as in the paper, and 1,000 to judge by.
    "two_moons": partial(toy.two_moons, 3000),
}
VIEWS: dict[str, Any] = {
    "table_weak": rows.table_weak,
    "table_strong": rows.table_strong,
    "text_weak": rows.text_weak,
    "text_strong": rows.text_strong,
    "moons_weak": rows.moons_weak,
    "moons_strong": rows.moons_strong,
}
NETWORKS: dict[str, Callable[..., Any]] = {
    "mlp_64_64": partial(mlp, (64, 64)),
    "mlp_8_8_tanh": partial(mlp, (8, 8), activation="tanh"),
    "bag_of_embeddings": partial(
        embedding.bag_of_embeddings, len(text.VOCABULARY)
    ),
}
