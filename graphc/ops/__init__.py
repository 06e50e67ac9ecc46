"""The operations, losses, metrics and optimisers; importing this package fills the registries."""

from graphc.ops import activations as activations
from graphc.ops import arithmetic as arithmetic
from graphc.ops import convolution as convolution
from graphc.ops import dense as dense
from graphc.ops import embedding as embedding
from graphc.ops import initializers as initializers
from graphc.ops import normalization as normalization
from graphc.ops import objectives as objectives
from graphc.ops import pooling as pooling
from graphc.ops import regularization as regularization
from graphc.ops import shaping as shaping
from graphc.ops import sources as sources
