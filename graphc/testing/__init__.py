"""The test kit for operations, graphc's own and those that other packages register.

    from graphc import testing

    def test_scale_keeps_its_contract():
        samples = testing.of(Scale, testing.anything, factor=st.floats(0.5, 2))
        testing.check_operation(Scale, samples)

It needs hypothesis (`pip install 'graphc[test]'`). The strategies of types are `anything`,
`with_features` (at least one axis), `images`, `numbers` (integers) and whatever `typed` makes of a
strategy of shapes.
"""

from graphc.testing.contracts import CONTRACTS as CONTRACTS
from graphc.testing.contracts import check_operation as check_operation
from graphc.testing.forms import build as build
from graphc.testing.forms import call as call
from graphc.testing.strategies import anything as anything
from graphc.testing.strategies import images as images
from graphc.testing.strategies import numbers as numbers
from graphc.testing.strategies import of as of
from graphc.testing.strategies import typed as typed
from graphc.testing.strategies import with_features as with_features
