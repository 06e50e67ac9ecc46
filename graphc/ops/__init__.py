"""What a network can be made of: importing this package fills the registries.

`operations` is the table of all operations. Beside it stands what the declaration of one needs, so
that a package of your own writes `from graphc import ops` and no more (docs/how-to.md).

Example:
    >>> from graphc import ops
    >>> ops.operations["conv"].summary()[:13]
    'A convolution'
    >>> ops.operations["dense"](3).infer(ops.Type((4,))).shape
    (3,)
"""

from graphc.core.attributes import Bool as Bool
from graphc.core.attributes import Declared as Declared
from graphc.core.attributes import Either as Either
from graphc.core.attributes import Float as Float
from graphc.core.attributes import Int as Int
from graphc.core.attributes import Ints as Ints
from graphc.core.attributes import Kind as Kind
from graphc.core.attributes import Text as Text
from graphc.core.code import code as code
from graphc.core.code import imported as imported
from graphc.core.declaration import attribute as attribute
from graphc.core.declaration import primary as primary
from graphc.core.operation import BatchCoupled as BatchCoupled
from graphc.core.operation import Elementwise as Elementwise
from graphc.core.operation import Input as Input
from graphc.core.operation import Operation as Operation
from graphc.core.operation import ShapeError as ShapeError
from graphc.core.operation import Stateful as Stateful
from graphc.core.operation import Stochastic as Stochastic
from graphc.core.operation import Weight as Weight
from graphc.core.registry import operations as operations
from graphc.core.types import Type as Type
from graphc.ops import activations as activations
from graphc.ops import adaptive_pooling as adaptive_pooling
from graphc.ops import arithmetic as arithmetic
from graphc.ops import attention as attention
from graphc.ops import comparisons as comparisons
from graphc.ops import convolution as convolution
from graphc.ops import dense as dense
from graphc.ops import einsum as einsum
from graphc.ops import elementary as elementary
from graphc.ops import embedding as embedding
from graphc.ops import features as features
from graphc.ops import initializers as initializers
from graphc.ops import joining as joining
from graphc.ops import kernels as kernels
from graphc.ops import normalization as normalization
from graphc.ops import objectives as objectives
from graphc.ops import pooling as pooling
from graphc.ops import products as products
from graphc.ops import reductions as reductions
from graphc.ops import regularization as regularization
from graphc.ops import scaling as scaling
from graphc.ops import selecting as selecting
from graphc.ops import separable as separable
from graphc.ops import shaping as shaping
from graphc.ops import shortcut as shortcut
from graphc.ops import sources as sources
from graphc.ops import tokens as tokens
from graphc.ops import transposed as transposed
from graphc.ops import user_code as user_code
from graphc.ops import weights as weights
