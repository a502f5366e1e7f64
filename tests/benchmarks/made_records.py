"""Records of runs that never were, for tests of the tables."""


def finished(member, seed, accuracy, stages=()):
    """Returns the record of a recipe's run with this accuracy."""
    figures = {
        "test_accuracy": accuracy,
        "test_student_accuracy": accuracy - 0.1,
        "test_teacher_accuracy": None,
        "seconds": 10.0 + seed,
    }
    return {
        **figures,
        "recipe": member.name,
        "fingerprint": member.fingerprint(),
        "seed": seed,
        "device": "CPU",
        "versions": {"tensorflow": "2", "keras": "3"},
        "commit": "c" * 40,
        **(
            {"stages": [{**figures, "stage": stage} for stage in stages]}
            if stages
            else {}
        ),
    }
