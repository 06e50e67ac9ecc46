"""Operations over the steps of sequences: windows, probabilities, attention, stacks."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from test_lengths import EVEN, LENGTHS, UNEVEN, assert_as_alone, garbage, jitted, nodes
from test_step_by_step import agrees

WINDOWS = {
    "same": "{conv: {features: 5, kernel: 3, over: time}, from: x}",
    "even": "{conv: {features: 6, kernel: 4, over: time, groups: 2}, from: same + first}",
    "causal": "{conv: {features: 5, kernel: 3, dilation: 2, over: time, padding: causal}, from: x}",
    "each": "{depthwise_conv: {kernel: 3, over: time}, from: x}",
    "past": "{depthwise_conv: {multiplier: 2, over: time, padding: causal}, from: causal}",
    "normed": "{conv: {features: 2, over: time, kernel_norm: weight_norm}, from: x}",
    "largest": "{max_pool: {window: 4, over: time, padding: same}, from: x}",
    "last_largest": "{max_pool: {window: 3, over: time, padding: causal}, from: x}",
    "mean": "{average_pool: {window: 3, over: time, padding: same}, from: largest}",
    "last_mean": "{average_pool: {window: 4, over: time, padding: causal}, from: x}",
    "share": "softmax(x, over=time)",
    "log_share": "log_softmax(x, over=time)",
}
WINDOWS["even"] = WINDOWS["even"].replace("same + first", "x")


@pytest.fixture
def padded(sequences):
    return {"x": garbage(sequences), "time:length": LENGTHS}


def test_each_example_is_what_it_is_alone(compiled, padded):
    whole, single = (compiled(nodes(WINDOWS, kind)) for kind in (UNEVEN, EVEN))
    assert_as_alone(whole, jitted(single), padded)
