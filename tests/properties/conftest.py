"""How many examples a property is tried on: few here, many in `.ci/slow`."""

from hypothesis import HealthCheck
from hypothesis import settings

_SHARED = {
    "database": None,
    "deadline": None,
    "derandomize": True,
    "print_blob": True,
    "suppress_health_check": [*HealthCheck],
}
settings.register_profile("slow", max_examples=300, **_SHARED)
settings.register_profile("quick", max_examples=10, **_SHARED)
settings.load_profile("quick")  # `--hypothesis-profile` comes after this
