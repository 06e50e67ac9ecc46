"""What a network can be made of: importing this package tells the registry of operations.

`operations` is the table of all operations. Beside it stands what the declaration of one needs, so
that a package of your own writes `from graphc import ops` and no more (docs/how-to.md).

Example:
    >>> from graphc import ops
    >>> ops.operations["conv"].summary()[:13]
    'A convolution'
    >>> ops.operations["dense"](3).infer(ops.Type((4,))).shape
    (3,)
"""

from graphc.core import registry
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

FAMILIES = {
    "activations": """
        celu elu gelu hard_shrink hard_sigmoid hard_silu hard_tanh leaky_relu log_sigmoid mish
        prelu relu relu6 selu sigmoid silu soft_shrink softplus softsign squareplus tanh
        tanh_shrink
    """,
    "adaptive_pooling": "adaptive_average_pool adaptive_max_pool",
    "arithmetic": """
        add constant divide maximum minimum multiply negative power remainder subtract where
    """,
    "attention": "attention",
    "augmentation": "color_jitter cutout random_affine random_crop random_flip",
    "comparisons": """
        equal greater greater_equal less less_equal logical_and logical_not logical_or not_equal
    """,
    "convolution": "conv depthwise_conv",
    "dense": "dense",
    "draws": "bernoulli gumbel normal stop_gradient uniform",
    "edges": "aggregate edge_softmax receivers senders",
    "einsum": "einsum",
    "elementary": "abs ceil clip cos exp floor log round sign sin sqrt square",
    "embedding": "embed one_hot",
    "features": "geglu glu log_softmax maxout reglu softmax sparsemax swiglu",
    "graph_attention": "graph_attention",
    "graph_pooling": "graph_pool",
    "graphs": "chebyshev_conv gin_conv graph_conv sage_conv",
    "joining": "concat split stack tile",
    "normalization": "batch_norm group_norm instance_norm layer_norm rms_norm",
    "pairs": "edge_score",
    "pooling": "average_pool global_average_pool global_max_pool lp_pool max_pool stochastic_pool",
    "mode": "mode",
    "products": "cosine_similarity dot matmul outer",
    "reductions": "argmax argmin cumulative_sum max mean min norm prod std sum variance",
    "regularization": """
        alpha_dropout drop_path dropout gaussian_dropout gaussian_noise spatial_dropout
    """,
    "resizing": "crop pad pixel_shuffle pixel_unshuffle upsample",
    "scaling": "l2_normalize local_response_norm",
    "selecting": "flip pick roll slice top_k",
    "separable": "locally_connected separable_conv",
    "shaping": "expand_dims flatten identity permute reshape squeeze",
    "shortcut": "shortcut",
    "slopes": "gradient",
    "time": "first last reverse stream",
    "tokens": "patches position",
    "transposed": "conv_transpose",
    "user_code": "python",
    "weights": "weight",
}
"""The operations by the module that declares them, which is imported when one of them is named."""

OTHERS = {
    registry.initializers: {
        "given": "field image",
        "initializers": """
            constant delta_orthogonal glorot_normal glorot_uniform he_normal he_uniform identity
            lecun_normal lecun_uniform normal ones orthogonal sparse spectral_radius
            truncated_normal uniform
            variance_scaling zeros
        """,
    },
    registry.kernel_norms: {"kernels": "spectral_norm weight_norm weight_standardization"},
    registry.losses: {
        "losses": """
            binary_cross_entropy cross_entropy focal hinge huber kl_divergence mean_absolute_error
            mean_squared_error poisson
        """,
    },
    registry.metrics: {
        "metrics": """
            accuracy average_precision confusion_matrix entity_f1 f1 mae mean_absolute_error
            mean_iou mean_squared_error mse perplexity precision r2 recall rmse roc_auc top_k
        """,
    },
    registry.optimizers: {
        "optimizers": """
            adadelta adagrad adam adamax adamw lamb lars lbfgs lion momentum nadam nesterov rmsprop
            sgd
        """,
    },
    registry.schedules: {
        "schedules": """
            constant cosine exponential one_cycle piecewise polynomial reduce_on_plateau step
        """,
    },
    registry.sources: {
        "sources.bundled": "breast_cancer diabetes digits iris wine",
        "sources.citations": "citeseer cora pubmed",
        "sources.generated": "digit_scenes moving_digits signals",
        "sources.graph_files": "graph",
        "sources.graphs_npz": "graphs_npz",
        "sources.graph_npz": "graph_npz",
        "sources.graphs": "karate les_miserables",
        "sources.image_folder": "image_folder",
        "sources.links": "links",
        "sources.npz": "npz",
        "sources.photos": "photos",
        "sources.omniglot": "omniglot",
        "sources.published": """
            california_housing cifar10 cifar10_jpeg cifar10_subset fashion_mnist mnist usps
        """,
        "sources.sentences": "wnut17",
        "sources.sequence_tasks": "adding_problem copying reversal",
        "sources.series": "traffic",
        "sources.series_files": "series",
        "sources.several_graphs": "graphs",
        "sources.table": "csv parquet",
        "sources.text": "help_topics multi30k shakespeare text",
        "sources.user_code": "python",
        "sources.words": "cbow ngrams skipgram",
    },
}
"""What else a spec can name."""

for module, names in FAMILIES.items():
    operations.expect(f"{__name__}.{module}", *names.split())
for table, modules in OTHERS.items():
    for module, names in modules.items():
        table.expect(f"{__name__}.{module}", *names.split())
