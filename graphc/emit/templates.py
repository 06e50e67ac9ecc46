"""The functions of docs/emitted-module.md as they are written, with capital words for holes."""

from __future__ import annotations

import ast


def templates(text: str) -> dict[str, ast.FunctionDef]:
    """The functions of a text by their names."""
    functions = (each for each in ast.parse(text).body if isinstance(each, ast.FunctionDef))
    return {each.name: each for each in functions}


TEMPLATES = templates('''
def build(key):
    """The model with fresh weights."""
    return MODEL

def call(model, batch, *, train=False, key=None):
    """The outputs for a batch."""
    return OUTPUTS

@functools.cache
def graphdef():
    """The structure of the model without its arrays."""
    return nnx.graphdef(nnx.eval_shape(lambda: build(jax.random.key(0))))

def forward(params, statistics, batch, *, train=False, key=None):
    """The outputs for a batch and the statistics after it, over pure state."""
    model = nnx.merge(graphdef(), params, statistics)
    outputs = call(model, batch, train=train, key=key)
    return outputs, nnx.to_pure_dict(nnx.state(model, nnx.Not(nnx.Param)))

def begin(model, batch_size):
    """What is carried before the first step: arrays [batch, ...] by the paths of the values."""
    batch = BLANK
    memory = Memory()
    STEPPED
    return memory.first

def step(model, state, batch):
    """The outputs for the next steps, one or more [batch, steps, ...], and what is carried then."""
    memory = Memory(state)
    outputs = STEPPED
    return outputs, memory.last

def losses(outputs, batch):
    """The loss of each example."""
    return LOSS

def metrics(outputs, batch):
    """The metrics of each example."""
    return METRICS

def sums(outputs, batch):
    """The loss and the metrics summed over the rows that are there, and their number."""
    each = {"loss": losses(outputs, batch)} | metrics(outputs, batch)
    mask = MASK
    totals = {name: TOTAL for name, values in each.items()}
    return totals | {"count": jnp.sum(mask, dtype=jnp.float32)}

def means(totals):
    """What totals say, those of one batch or of several added up: the loss and the metrics."""
    count = max(totals["count"], 1)
    return MEANS

def penalty(params):
    """What the weights add to the loss that is minimised."""
    arrays = apart(params, TABLE)
    return PENALTY

def mixed_examples(batch, key):
    """The batch to learn from, that of the examples mixed in, and the share that is not theirs."""
    return mixup(batch, FIELDS, ALPHA, at(key, "train", "mixup"))

def draw_neighbours(batch, key):
    """The nodes of a batch and neighbours drawn for them, as a batch of one graph."""
    return drawn_trees(batch, FIELDS, TARGET, SIZES, at(key, "train", "neighbours"))

def optimizer():
    """The rule that turns gradients into updates."""
    return OPTIMIZER

def init(key):
    """The state before the first step."""
    _, params, statistics = nnx.split(build(key), nnx.Param, ...)
    params = nnx.to_pure_dict(params)
    return {
        "params": params,
        "statistics": nnx.to_pure_dict(statistics),
        "optimizer": optimizer().init(params),
        "step": jnp.zeros((), jnp.int32),
    }

def evaluate_step(state, batch):
    """The totals of a batch in evaluation mode."""
    outputs, _ = forward(state["params"], state["statistics"], batch)
    return sums(outputs, batch)

def main():
    """Print the path, the shape and the size of every parameter."""
    model = nnx.eval_shape(lambda: build(jax.random.key(0)))
    rows = [
        ("/".join(map(str, path)), str(list(variable.shape)), variable.size)
        for path, variable in nnx.to_flat_state(nnx.state(model, nnx.Param))
    ]
    rows.append(("total", "", sum(size for _, _, size in rows)))
    width, middle = (max(len(row[column]) for row in rows) for column in (0, 1))
    for path, shape, size in rows:
        print(f"{path:{width}}  {shape:{middle}}  {size:>12,}")
''')
_TRAIN_STEP = '''
def {name}(state, batch, key{carried}{option}):
    """The state after one update, and the totals of the batch.

    Where the loss or a gradient is not finite, the state is returned as it came.{also}
    """
    {drawn}{gradients}
    finite = jnp.isfinite(loss) & jnp.isfinite(optax.tree.norm(gradients))

    def update():
        updates, memory = optimizer().update({given})
        {moved}return {{
            "params": {params},
            {average}"statistics": statistics,
            "optimizer": memory,
            "step": state["step"]{counted},
        }}

    {early}{returned}
'''
GUARDED = ", guarded=True"
OTHERWISE = """
    Without `guarded` nobody looks, and it moves in any case.
"""
EARLY = """
    if not guarded:
        return update(), totals
"""
_RETURNED = 'return jax.lax.cond(finite, update, lambda: state), totals | {"finite": finite}'
_RETURNED_WITH_CARRIED = """
    learnt = finite & (totals["count"] > 0)
    state = jax.lax.cond(learnt, update, lambda: state)
    return state, totals | {"finite": finite}, carried
"""
_CARRIED_TEXT = """
    `carried` are the values that the network carries, before the piece and behind it; where
    `fresh` it begins anew.
"""
_GRADIENTS = """
    def mean_loss(params):
        {mixed}outputs, statistics = forward(
            params, state["statistics"], {batch}, train=True, key=key
        )
        totals = sums(outputs, batch)
        {shared}return {minimized}, (statistics, totals)

    params = state["params"]
    (loss, (statistics, totals)), gradients = jax.value_and_grad(mean_loss, has_aux=True)(params)
"""
_GRADIENTS_OF_PIECE = """
    def mean_loss(params):
        memory = Memory(carried, fresh)
        outputs, statistics = forward(
            params, state["statistics"], batch, memory=memory, train=True, key=key
        )
        totals = sums(outputs, batch)
        return {minimized}, (statistics, totals, memory.last)

    params = state["params"]
    found = jax.value_and_grad(mean_loss, has_aux=True)(params)
    (loss, (statistics, totals, carried)), gradients = found
"""
_GIVEN = ["gradients", 'state["optimizer"]', "params"]
_SEARCHED = ["value=loss", "grad=gradients", "value_fn=lambda params: mean_loss(params)[0]"]
_MEAN = 'totals["loss"] / jnp.maximum(totals["count"], 1)'
_GRADIENTS_IN_PARTS = """
    params = state["params"]

    def total_loss(params, statistics, part, key):
        {mixed}outputs, moved = forward(params, statistics, {batch}, train=True, key=key)
        totals = sums(outputs, part)
        {shared}there = totals["count"] > 0
        moved = jax.tree.map(lambda new, old: jnp.where(there, new, old), moved, statistics)
        return totals["loss"], (moved, totals)

    def add(carry, numbered):
        (statistics, gradients), (number, part) = carry, numbered
        found = jax.value_and_grad(total_loss, has_aux=True)
        (_, (statistics, totals)), more = found(
            params, statistics, part, jax.random.fold_in(key, number)
        )
        there = totals["count"] > 0
        gradients = jax.tree.map(lambda g, new: jnp.where(there, g + new, g), gradients, more)
        return (statistics, gradients), totals

    parts = jax.tree.map(lambda rows: rows.reshape(PARTS, -1, *rows.shape[1:]), batch)
    start = state["statistics"], jax.tree.map(jnp.zeros_like, params)
    (statistics, gradients), totals = jax.lax.scan(add, start, (jnp.arange(PARTS), parts){unroll})
    totals = jax.tree.map(lambda each: jnp.sum(each, axis=0), totals)
    count = jnp.maximum(totals["count"], 1)
    gradients = jax.tree.map(lambda each: each / count, gradients)
    loss = totals["loss"] / count
"""
_MIXED = """
        mixed, others, share = mixed_examples({batch}, key)
"""
_SHARED = """
        totals["loss"] = share * totals["loss"] + (1 - share) * sums(outputs, others)["loss"]
"""
_PENALTY_AFTER = """
    more, pull = jax.value_and_grad(penalty)(params)
    loss, gradients = loss + more, jax.tree.map(jnp.add, gradients, pull)
"""
_MOVED = """
        moved = optax.apply_updates(params, updates)
        average = optax.incremental_update(moved, state["average"], KEPT)
"""


def train_step(
    *,
    feedback: bool = False,
    search: bool = False,
    parts: bool = False,
    loops: bool = True,
    penalty: bool = False,
    average: bool = False,
    mixup: bool = False,
    pieces: bool = False,
    drawn: bool = False,
    unguarded: bool = False,
) -> ast.FunctionDef:
    """The training step.

    Args:
        feedback: whether an update is told the loss.
        search: whether it evaluates the loss itself.
        parts: whether the batch is gone through in parts, whose gradients are added up.
        loops: whether the parts may be gone through in a loop.
        penalty: whether weights add to the loss.
        average: whether a moving average of the weights is kept.
        mixup: whether the examples of a batch are mixed.
        pieces: whether it is one of several for a batch of sequences, called `learn` then.
        drawn: whether neighbours of the nodes of a batch are drawn.
        unguarded: whether it may be asked not to look for numbers that are not finite.
    """
    free = unguarded and not pieces
    batch = "part" if parts else "batch"
    of_mixture = {
        "mixed": _line(_MIXED.format(batch=batch)) * mixup,
        "batch": "mixed" if mixup else batch,
        "shared": _line(_SHARED) * mixup,
    }
    whole = _GRADIENTS_OF_PIECE if pieces else _GRADIENTS
    gradients = whole.format(minimized=_MEAN + " + penalty(params)" * penalty, **of_mixture)
    if parts:
        unrolled = ", unroll=True" * (not loops)
        gradients = _GRADIENTS_IN_PARTS.rstrip().replace("{unroll}", unrolled)
        gradients = gradients.format(**of_mixture)
        gradients += _PENALTY_AFTER * penalty
    name = "learn" if pieces else "train_step"
    text = _TRAIN_STEP.format(
        name=name,
        carried=", carried, fresh" * pieces,
        also=_CARRIED_TEXT.rstrip() * pieces + OTHERWISE.rstrip() * free,
        option=GUARDED * free,
        early=f"{EARLY.strip()}\n    " * free,
        counted="" if pieces else " + 1",
        returned=(_RETURNED_WITH_CARRIED if pieces else _RETURNED).strip(),
        drawn="batch = draw_neighbours(batch, key)\n    " * drawn,
        gradients=gradients.strip(),
        given=", ".join([*_GIVEN, *["value=loss"] * feedback, *_SEARCHED * search]),
        moved=_line(_MOVED) * average,
        params="moved" if average else "optax.apply_updates(params, updates)",
        average='"average": average,\n            ' * average,
    )
    return templates(text)[name]


def _line(text: str) -> str:
    """A line, or several, before another one of a function inside the step."""
    return text.strip() + "\n        "


AVERAGED = templates('''
def init(key):
    """The state before the first step."""
    _, params, statistics = nnx.split(build(key), nnx.Param, ...)
    params = nnx.to_pure_dict(params)
    return {
        "params": params,
        "average": jax.tree.map(jnp.copy, params),
        "statistics": nnx.to_pure_dict(statistics),
        "optimizer": optimizer().init(params),
        "step": jnp.zeros((), jnp.int32),
    }

def evaluate_step(state, batch):
    """The totals of a batch in evaluation mode, with the moving average of the weights."""
    outputs, _ = forward(state["average"], state["statistics"], batch)
    return sums(outputs, batch)
''')
"""What is different where a moving average of the weights is kept."""
OF_TASKS = templates('''
def task_losses(outputs, batch):
    """The loss of each example, of each output."""
    return TASKS

def losses(outputs, batch):
    """The loss of each example, the weighted sum of those of the outputs."""
    each = task_losses(outputs, batch)
    return LOSS

def metrics(outputs, batch):
    """The losses of the outputs and the metrics, of each example."""
    return METRICS
''')
"""What is different where several outputs have a loss."""
DRAWN = templates('''
def draw_the_same(batch):
    """What `draw_neighbours` gives, the same for the same nodes every time."""
    return draw_neighbours(batch, at(jax.random.key(0), batch["nodes:seeds"][0]))

def evaluate_step(state, batch):
    """The totals of a batch in evaluation mode."""
    batch = draw_the_same(batch)
    outputs, _ = forward(state[WEIGHTS], state["statistics"], batch)
    return sums(outputs, batch)
''')
"""What is different where evaluation draws neighbours too."""
IN_PIECES = templates('''
def call(model, batch, *, memory=None, train=False, key=None):
    """The outputs for a batch; with a memory the sequences go on from what it holds."""
    return OUTPUTS

def forward(params, statistics, batch, *, memory=None, train=False, key=None):
    """The outputs for a batch and the statistics after it, over pure state."""
    model = nnx.merge(graphdef(), params, statistics)
    outputs = call(model, batch, memory=memory, train=train, key=key)
    return outputs, nnx.to_pure_dict(nnx.state(model, nnx.Not(nnx.Param)))

def pieces(batch):
    """The sequences of a batch in pieces, arrays [pieces, batch, steps, ...]."""
    return in_pieces(batch, FIELDS, TRUNCATE)

def train_step(state, batch, key):
    """The state after an update for each piece of the sequences, and the totals of the batch.

    What the network carries goes on to the next piece, gradients do not. Where a loss or a
    gradient is not finite, the state is returned as it came.
    """

    def go_on(before, numbered):
        (state, carried), (number, piece) = before, numbered
        of_piece = jax.random.fold_in(key, number)
        state, totals, carried = learn(state, batch | piece, of_piece, carried, number == 0)
        return (state, carried), totals

    cut = pieces(batch)
    model = nnx.merge(graphdef(), state["params"], state["statistics"])
    start = state, begin(model, len(batch[FIRST]))
    numbers = jnp.arange(len(cut[FIRST]))
    (moved, _), totals = jax.lax.scan(go_on, start, (numbers, cut))
    finite = jnp.all(totals.pop("finite"))
    totals = jax.tree.map(lambda each: jnp.sum(each, axis=0), totals)
    moved = moved | {"step": state["step"] + 1}
    return jax.lax.cond(finite, lambda: moved, lambda: state), totals | {"finite": finite}
''')
"""What is different where sequences are learnt from in pieces."""
DRAWS = templates('''
def call(model, batch, *, train=False, key=None):
    """The outputs for a batch; without a key always with the same random numbers."""
    key = jax.random.key(0) if key is None else key
    return OUTPUTS
''')
"""What is different where random numbers are drawn in evaluation too."""
INFERENCE = templates('''
def call(model, batch):
    """The outputs for a batch."""
    return OUTPUTS

def forward(params, statistics, batch):
    """The outputs for a batch, over pure state."""
    return call(nnx.merge(graphdef(), params, statistics), batch)
''')
"""What is different in a module for inference."""
DRAWS_IN_INFERENCE = templates('''
def call(model, batch):
    """The outputs for a batch, always with the same random numbers."""
    key = jax.random.key(0)
    return OUTPUTS
''')
"""The same in a module for inference that draws."""
RUN = ast.parse('if __name__ == "__main__":\n    main()').body
