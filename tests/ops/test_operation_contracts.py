"""Every operation keeps its contract: `infer` and `weights` say what the Flax form does."""

import pytest
from samples import SAMPLES

from graphc.core.registry import operations
from graphc.testing.contracts import CONTRACTS

pytestmark = pytest.mark.usefixtures("quick_compile")


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.__name__)
@pytest.mark.parametrize("name", [each.name for each in operations])
def test_an_operation_keeps_its_contract(name, contract):
    contract(operations[name], SAMPLES[name])


def test_no_input_has_the_name_of_what_a_call_is_handed():
    handed = {"self", "train", "key", "mask", "carried", "own_carried", "graph", "pairs"}
    taken = {(each.name, own.name) for each in operations for own in each.inputs}
    assert not [pair for pair in taken if pair[1] in handed]
