"""What all tests share: how Hypothesis draws, and one cache of compiled programs."""

import os
import sys
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, settings

# The same examples each time, without a clock.
settings.register_profile(
    "graphc",
    database=None,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("graphc")


@pytest.fixture(autouse=True, scope="session")
def short_loops():
    """Layers become a loop from four on, as on devices that were not measured: networks are small.

    What a CPU has stands in tests/passes/test_roll.py.
    """
    from graphc.core.forms import CPU, FORMS

    FORMS["cpu"] = replace(CPU, rolled=FORMS["gpu"].rolled)
    yield
    FORMS["cpu"] = CPU


@pytest.fixture(scope="session")
def compilation_cache(tmp_path_factory):
    """The folder of programs that were compiled: the same small ones come again and again."""
    import jax

    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = str(shared / "xla")
    names = ("jax_compilation_cache_dir", "jax_persistent_cache_min_compile_time_secs")
    before = {name: getattr(jax.config, name) for name in names}
    jax.config.update(names[0], folder)
    jax.config.update(names[1], 0.05)
    yield folder
    for name, value in before.items():
        jax.config.update(name, value)


@pytest.fixture(autouse=True, scope="module")
def forgotten():
    """What jax traced for the tests of a file: kept by all of them, it is gigabytes."""
    yield
    if "jax" in sys.modules:
        sys.modules["jax"].clear_caches()
