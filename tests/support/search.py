"""
How far the properties of whole warehouses are searched.

The suite tries the same few cases every time, `make search` many new ones.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

THOROUGHNESS = int(os.environ.get("RDDM_TEST_THOROUGHNESS", "1"))


def searched(examples: int) -> settings:
    """Return settings for *examples* cases in the suite, and for that many times the thoroughness asked for."""
    return settings(
        max_examples=examples * THOROUGHNESS,
        deadline=None,
        derandomize=THOROUGHNESS == 1,
        phases=[Phase.explicit, Phase.generate],  # shrinking whole warehouses takes longer than reading the case
        suppress_health_check=list(HealthCheck),
    )
