"""Which form of a computation is faster, by device: all numbers that the compiler goes by.

Those of the CPU were measured on two cores, by the command that stands beside them, which measures
them on another machine as well. GPUs and TPUs have what is usual there, until they are measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from graphc.core.attributes import Bool, Float, Int
from graphc.core.declaration import Declaration, attribute


@dataclass(frozen=True)
class Prices:
    """What forms of arrays may cost, in their places, each of which is read.

    Attributes:
        tables: how many places of a table cost as much as one edge that is added to its receiver by
            itself, by how many edges there are, up to so many: the more of them, the less of the
            nodes is in a cache.
        matrix: up to how many pairs of nodes for each edge, those counted that pad, a matrix is
            faster than a table or edges one by one.
        over: how many places of a sparse array cost as much as one number that does not fit into
            them and is added to its row by itself.
    """

    tables: tuple[tuple[float, int], ...] = ((inf, 0),)
    matrix: float = 0
    over: float = inf


YNNPACK = "xla_cpu_experimental_ynn_fusion_type"
"""The option of XLA that says what it leaves to YNNPACK: products, or convolutions too."""
PRODUCTS = ("LIBRARY_FUSION_TYPE_DOT", "LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT")

MANY_CLASSES = 32
"""From how many classes on all logits are compared with that of the right one, on every device: the
largest takes 1.8 to 4.0 times as long to find, with a cross-entropy and its gradient, and among
10 classes 0.9 times (`benchmarks operations --only guesses few_guesses`)."""

# A dispatch should last long enough to hide its cost and stop within a second of Ctrl-C.
STEPS_BY_WORK = ((3e6, 1000), (5e8, 100), (1.5e9, 50), (3e9, 20), (3e10, 5))


@dataclass(frozen=True)
class Forms(Declaration):
    """What a compilation chooses between forms by.

    Attributes:
        steps_by_work: steps per dispatch by the floating point operations of one step, forward and
            backward, up to so many.
        lockstep: up to which work of a step runs of several seeds or members are one program.
        prices: of sums over edges.
        measured: whether this is known, rather than what is usual.
    """

    name = "forms"

    steps_per_dispatch: int | None = attribute(
        Int(1),
        "steps that run on the device without a word to Python; default: by their work",
        None,
    )
    unroll: int = attribute(Int(1), "steps in a round of a loop over time", 1)
    stays: float = attribute(
        Float(minimum=0),
        "how many times as many features of the state as of the inputs a product reads whose"
        " inputs stay in a loop over time, where it gives more than the state; 0: none do",
        0.0,
    )
    shared: bool = attribute(
        Bool(), "whether layers of a loop over time that read the same value are one product", True
    )
    affine: bool = attribute(
        Bool(), "whether what is affine in its state is computed for all steps at once", True
    )
    gates: bool = attribute(
        Bool(),
        "whether the gates of a cell go through one tanh, or come to the step of a loop by parts",
        False,
    )
    rolled: int = attribute(Int(2), "how many equal layers in a row become one loop", 4)
    merged: int | None = attribute(
        Int(0), "up to how many columns products of one input become one; default: any", None
    )
    band: int = attribute(Int(0), "numbers of a band up to which a convolution goes by rows", 0)
    band_features: int = attribute(Int(1), "features up to which it does", 16)
    band_channels: int = attribute(Int(1), "channels up to which it does", 7)
    sparse: float = attribute(
        Float(minimum=0),
        "the share of numbers other than 0, times the features that a product makes of them, up to"
        " which they are read alone",
        0.0,
    )
    sparse_dropped: float = attribute(
        Float(minimum=0), "the same where a dropout stands before the product", 0.0
    )
    unguarded: int = attribute(
        Int(0),
        "parameters up to which a dispatch of several steps looks for numbers that are not finite"
        " when it is over, with a copy of the state to go back to",
        2_000_000,
    )
    unguarded_steps: int = attribute(Int(2), "the fewest steps of a dispatch that does so", 30)
    looped: bool = attribute(Bool(), "whether library convolutions may stand in loops", True)
    flat: bool = attribute(
        Bool(), "whether layers over several axes multiply their points as one axis", False
    )
    steps: bool = attribute(
        Bool(), "whether they do so step by step in networks with loops over time", True
    )
    ynnpack: bool = attribute(
        Bool(), "whether XLA leaves library convolutions on a CPU to YNNPACK", True
    )
    steps_by_work: tuple[tuple[float, int], ...] = STEPS_BY_WORK
    lockstep: float = inf
    prices: Prices = Prices()
    measured: bool = False


CPU = Forms(
    # Times of a training step with one step in a round over times with 2, 4 and 8, batch x units,
    # 128 steps (`benchmarks loops --only unrolled`):
    #
    #                        2      4      8
    #   elman  16 x 16      1.0    0.9    0.9
    #   elman  32 x 64      1.0    1.0    1.0
    #   elman  32 x 256     1.0    1.0    1.0
    #   gru    16 x 16      1.1    0.9    0.7
    #   gru    32 x 64      0.8    0.6    0.3
    #   gru    32 x 256     0.9    1.0    0.8
    #   lstm   16 x 16      1.0    0.9    0.7
    #   lstm   32 x 64      0.9    0.7    0.4
    #   lstm   32 x 256     1.1    1.0    0.8
    unroll=1,
    # Over 128 steps training took 1.0 to 1.1 times as long with the products of inputs before the
    # loop where there are 4 times as many units as inputs, and 0.7 to 1.0 times where there are as
    # many or fewer (`benchmarks loops --only inputs`).
    stays=4.0,
    # A loop takes 0.5 to 1.5 times as long, up to 16,384 steps (`benchmarks loops --only
    # recurrences`).
    affine=False,
    # `benchmarks loops --only gates` and `--only parts`.
    gates=True,
    # Times of a training step in a loop over layers over times with the layers one by one, and of
    # compiling the latter over the former (`benchmarks layers`):
    #
    #                    4 layers    8 layers    16 layers
    #   transformer       1.3  1.0    1.2  2.1    1.2  3.8
    #   mixer             1.6  0.8    1.7  1.3    1.8  2.6
    #   residual          1.2  1.0    1.2  1.5    1.1  3.0
    #   highway           1.0  1.1    1.1  1.7    0.9  2.5
    rolled=13,
    # `benchmarks merge`.
    merged=128,
    # The library does badly with few channels and features: up to 7 and 16 training is 0.9 to 5.8
    # times as fast by rows, with 8 to 12 channels 0.4 to 0.8 times (`benchmarks convolutions`).
    band=85_000,
    band_features=16,
    band_channels=7,
    # Times of training with all numbers over those with the ones that are not 0, by their share and
    # the features of a product (`benchmarks graphs --only words`):
    #
    #                    product    dropout and product
    #   2% to 16           6.5             8.1
    #   2% to 64           3.0             3.0
    #   5% to 16           2.3             2.5
    #   10% to 16          0.9             1.7
    #   5% to 64           0.4             0.5
    #   10% to 64          0.2             0.2
    sparse=1.28,
    sparse_dropped=2.0,
    # With a look at every step 41 steps or more take 1.00 to 1.29 times as long, 21 or fewer 0.79
    # to 1.03 times (`benchmarks guards`).
    unguarded=2_000_000,
    unguarded_steps=30,
    # Eight layers train 1.1 to 2.1 times as fast so (`benchmarks points`).
    flat=True,
    steps=True,
    # One in a loop, with its gradient, takes 4 to 27 times as long (`benchmarks convolutions`).
    looped=False,
    # `benchmarks convolutions`, and `benchmarks throughput --only resnet20`.
    ynnpack=False,
    # Times of runs one by one over times side by side (`benchmarks lockstep`):
    #
    #                    work of a step    5 runs   10 runs
    #   iris_mlp                 1.2e4       3.8       6.0
    #   diabetes_mlp             7.7e4       2.8       4.1
    #   digits_logistic          2.5e5       1.7       1.9
    #   digits_mlp               3.3e6       1.0       1.1
    #   usps_mlp                 3.8e7       1.1       1.0
    #   california_mlp           1.6e8       1.0       1.0
    #   digits_mixer             1.7e8       1.2       1.2
    #   mnist_mlp                4.1e8       0.8       0.8
    lockstep=1e8,
    # `benchmarks graphs --only sums`, and `--only over` for the last: shorter rows at a price of 1,
    # 2 and 4 train 1.7, 1.6 and 1.5 times as fast as those as long as the fullest (geometric means
    # over all rows of that table).
    prices=Prices(((100_000, 4), (inf, 16)), 5, 2),
    measured=True,
)
FORMS = {"cpu": CPU, "gpu": Forms(), "tpu": Forms()}
