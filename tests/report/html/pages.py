"""A finished run made by hand, with names that try to be code; a reader."""

from html.parser import HTMLParser

import numpy as np

from keras_mpl import report
from keras_mpl.report.html import finished

HOSTILE = (
    "<script>alert(1)</script>",
    "$\\frac{$",
    "\" onerror='x' `*_|[a](b)",
    "&amp;\x1b[31m",
)
ROW = {
    "recipe": "a<b>",
    "method": "mpl",
    "feedback": "soft",
    "test_accuracy": 0.75,
    "test_student_accuracy": 0.5,
    "test_teacher_accuracy": None,
    "val_accuracy": 0.7,
    "train_steps_done": 8,
    "seconds": 12.3,
}
CONFIG = {
    "recipe": {
        "name": "a<b>",
        "summary": HOSTILE[0],
        "expected": ".9",
        "model": {"network": HOSTILE[2]},
        "method": {"name": "mpl", "feedback": "soft"},
        "train_steps": 1200,
        "batch_size": 10,
        "unlabeled_ratio": 7,
        "data": {"num_labeled": 20, "num_validation": 5, "num_test": 40},
    },
    "baselines": [],
    "seed": 3,
    "overrides": [f"views.strong={HOSTILE[0]}"],
    "split": {
        "name": HOSTILE[1],
        "fingerprint": "f",
        "num_labeled": 20,
        "num_unlabeled": 9,
        "num_validation": 40,
        "num_test": 40,
    },
    "versions": {"keras": "3"},
    "commit": None,
    "dirty": None,
    "device": "CPU <x>",
    "picture": "Test images",
    "precision": "float32",
    "fingerprint": "f",
}
RESULT = {
    "recipe": "a<b>",
    "fingerprint": "f",
    "seed": 3,
    "rows": [ROW],
    "wall_clock_seconds": 61.0,
}


def said(count=40, classes=4, wrong=10, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.arange(count, dtype=np.int32) % classes
    logits = rng.normal(size=(count, classes)).astype(np.float32)
    shown = np.where(np.arange(count) < wrong, (labels + 1) % classes, labels)
    logits[np.arange(count), shown] += 4
    names = tuple(f"{HOSTILE[i % 4]}/{i}.png" for i in range(count))
    return report.Predictions(labels, logits, names)


def labelled(step, **networks):
    return {
        "recipe": "a<b>",
        "stage": "train",
        "step": step,
        "share": step / 100,
        "num_examples": 12,
        "confidence_threshold": 0.6,
        "agreement": 0.5 if "teacher" in networks else None,
        "networks": {
            name: {"counts": counts, "above": 0.25, "confidence": 0.5}
            for name, counts in networks.items()
        },
    }


def run(folder, **changes):
    values = {
        "folder": folder,
        "config": CONFIG,
        "result": RESULT,
        "class_names": HOSTILE,
        "predictions": {"test": said(), "validation": said(seed=1)},
        "missing": "",
        "temperature": 1.5,
        "pseudo_labels": (
            labelled(10, student=[3, 3, 3, 3], teacher=[12, 0, 0, 0]),
            labelled(100, student=[3, 3, 3, 3], teacher=[6, 6, 0, 0]),
        ),
    }
    return finished.Finished(**{**values, **changes})


class Reader(HTMLParser):
    """Collects the tags, the attributes and the text of a page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], []
        self.feed(page)
        self.close()
        self.words = " ".join(" ".join(self.text).split())

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text.append(data)
