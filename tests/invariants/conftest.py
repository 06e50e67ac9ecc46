"""What the tests of the invariants share: the strategies, strict promotion, optax made lenient."""

import sys
from pathlib import Path

import jax
import optax
import pytest

HERE = Path(__file__).parent
if str(HERE) not in sys.path:  # `import oracle`, in importlib mode
    sys.path.insert(0, str(HERE))


@pytest.fixture(autouse=True)
def strict():
    """No array is silently stretched or converted, but inside optax."""
    made = optax.adam
    optax.adam = lambda *arguments, **options: _lenient(made(*arguments, **options))
    with jax.numpy_rank_promotion("raise"), jax.numpy_dtype_promotion("strict"):
        yield
    optax.adam = made


def _lenient(transformation):
    """optax (0.2.8) mixes dtypes in adam, so strict promotion ends where it begins."""

    def update(*arguments):
        with jax.numpy_dtype_promotion("standard"):
            return transformation.update(*arguments)

    return optax.GradientTransformation(transformation.init, update)
