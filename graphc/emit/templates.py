"""The functions of docs/emitted-module.md as they are written, with capital words for holes."""

from __future__ import annotations

import ast


def _templates(text: str) -> dict[str, ast.FunctionDef]:
    functions = (each for each in ast.parse(text).body if isinstance(each, ast.FunctionDef))
    return {each.name: each for each in functions}


TEMPLATES = _templates('''
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

def losses(outputs, batch):
    """The loss of each example."""
    return LOSS

def metrics(outputs, batch):
    """The metrics of each example."""
    return METRICS

def sums(outputs, batch):
    """The loss and the metrics summed over the rows that are there, and their number."""
    each = {"loss": losses(outputs, batch)} | metrics(outputs, batch)
    mask = batch.get("mask", jnp.ones(each["loss"].shape, bool))
    totals = {name: TOTAL for name, values in each.items()}
    return totals | {"count": jnp.sum(mask, dtype=jnp.float32)}

def means(totals):
    """What totals say, those of one batch or of several added up: the loss and the metrics."""
    count = max(totals["count"], 1)
    return MEANS

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
def train_step(state, batch, key):
    """The state after one update, and the totals of the batch.

    Where the loss or a gradient is not finite, the state is returned as it came.
    """
    {gradients}
    finite = jnp.isfinite(loss) & jnp.isfinite(optax.tree.norm(gradients))

    def update():
        updates, memory = optimizer().update({given})
        return {{
            "params": optax.apply_updates(params, updates),
            "statistics": statistics,
            "optimizer": memory,
            "step": state["step"] + 1,
        }}

    return jax.lax.cond(finite, update, lambda: state), totals | {{"finite": finite}}
'''
_GRADIENTS = """
    def mean_loss(params):
        outputs, statistics = forward(params, state["statistics"], batch, train=True, key=key)
        totals = sums(outputs, batch)
        return totals["loss"] / jnp.maximum(totals["count"], 1), (statistics, totals)

    params = state["params"]
    (loss, (statistics, totals)), gradients = jax.value_and_grad(mean_loss, has_aux=True)(params)
"""


def train_step(*, feedback: bool = False) -> ast.FunctionDef:
    """The training step; with `feedback`, an update is told the loss."""
    given = ["gradients", 'state["optimizer"]', "params", *["value=loss"] * feedback]
    text = _TRAIN_STEP.format(gradients=_GRADIENTS.strip(), given=", ".join(given))
    return _templates(text)["train_step"]


INFERENCE = _templates('''
def call(model, batch):
    """The outputs for a batch."""
    return OUTPUTS

def forward(params, statistics, batch):
    """The outputs for a batch, over pure state."""
    return call(nnx.merge(graphdef(), params, statistics), batch)
''')
"""What is different in a module for inference."""
RUN = ast.parse('if __name__ == "__main__":\n    main()').body
