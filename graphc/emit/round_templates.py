"""The functions of a module that trains several objectives, with capital words for holes."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from graphc.core.code import copy_tree
from graphc.emit.templates import EARLY, GUARDED, OTHERWISE, TEMPLATES, templates
from graphc.emit.trees import name

ROUND = templates('''
def objectives(outputs):
    """What each objective makes small."""
    return OBJECTIVES

def sums(outputs, batch):
    """The values times the number of rows that are there, and that number."""
    count = jnp.sum(MASK, dtype=jnp.float32)
    totals = {name: value * count for name, value in zip(VALUES, OUTPUTS, strict=True)}
    return totals | {"count": count}

def means(totals):
    """What totals say, those of one batch or of several added up: the mean of each value."""
    count = max(totals["count"], 1)
    return {name: totals[name] / count for name in VALUES}

def rules():
    """For each objective what turns its gradients into updates."""
    return RULES

def owned(tree, objective):
    """Of a tree with a branch for each network the branches that an objective moves."""
    return {name: tree[name] for name in OWNED[objective] if name in tree}

def due(objective, step):
    """Whether an objective moves its weights in the round after so many."""
    return DUE.get(objective, True)

def init(key):
    """The state before the first step."""
    _, params, statistics = nnx.split(build(key), nnx.Param, ...)
    params = nnx.to_pure_dict(params)
    return {
        "params": params,
        "statistics": nnx.to_pure_dict(statistics),
        "optimizer": {name: rule.init(owned(params, name)) for name, rule in rules().items()},
        "step": jnp.zeros((), jnp.int32),
    }

def train_step(state, batch, key):
    """The state after a round, in which the objectives take their turns, and the totals.

    Each turn is on a batch of its own and sees the weights that the one before has left. Where a
    number is not finite, the state is returned as it came.
    """
    parts, moved, totals = in_parts(batch, BATCHES), state, {}
    done, finite = 0, jnp.array(True)
    for names, times in TURNS:

        def go_on(moved, numbered):
            number, part = numbered
            return move(moved, names, part, jax.random.fold_in(key, number))

        turns = slice(done, done + times)
        numbered = jnp.arange(BATCHES)[turns], jax.tree.map(lambda rows: rows[turns], parts)
        moved, found = SCANNED
        finite &= jnp.all(found.pop("finite"))
        totals |= jax.tree.map(jnp.mean, {name: found[name] for name in REPORTED})
        done += times
    moved = AFTER
    return jax.lax.cond(finite, lambda: moved, lambda: state), totals | {"finite": finite}

def evaluate_step(state, batch):
    """The totals of a batch in evaluation mode."""
    outputs, _ = forward(state["params"], state["statistics"], batch)
    return sums(outputs, batch)

def samples(state, batch, key):
    """The values of a batch that are looked at, in evaluation mode."""
    outputs, _ = forward(state["params"], state["statistics"], batch, key=key)
    return dict(zip(SAMPLED, outputs[len(VALUES) :], strict=True))
''')
PENALIZED = templates('''
def objectives(outputs, params):
    """What each objective makes small, with what weights add to it."""
    arrays = apart(params, TABLE)
    return OBJECTIVES
''')
FOLLOWING = templates('''
def follow(state):
    """The state after a round, with what other networks take from those that have moved."""
    params = state["params"]
    return state | {"params": params | FOLLOWERS}
''')
FOLLOWING_WITH_STATISTICS = templates('''
def follow(state):
    """The state after a round, with what other networks take from those that have moved."""
    params, statistics = state["params"], state["statistics"]
    return state | {"params": params | FOLLOWERS, "statistics": statistics | STATISTICS}
''')
_STEP = '''
def {head}:
    """{docstring}"""

    def minimized(params):
        outputs, statistics = forward(
            params, state["statistics"], batch, train=True, key=key{turn}
        )
        {found}return {values}, (statistics, sums(outputs, batch))

    params = state["params"]
    values, pull, (statistics, totals) = jax.vjp(minimized, params, has_aux=True)
    gradients = {{name: owned(pull(alone(name, values))[0], name) for name in values}}
    finite = jnp.isfinite(optax.tree.norm((values, gradients)))

    def update():
        moved, kept, memory = params, state["statistics"], {memory}
        for name in values:
            {moves}
        {after}

    {early}{returned}
'''
_RETURNED = 'return jax.lax.cond(finite, update, lambda: state), totals | {"finite": finite}'
_RETURNED_IN_TURN = """
    moves = finite & (totals["count"] > 0)
    return jax.lax.cond(moves, update, lambda: state), totals | {"finite": finite}
"""
_TOGETHER = """The state after a round, in which each objective moves what it owns, and the totals.

    All see the same values. Where one is not finite, the state is returned as it came.{also}
    """
_IN_TURN = "The state after some objectives have moved what they own on a batch, and its totals."
_PAUSED = 'after = either(due(name, state["step"]), after, before)'


_AFTER = 'return {{"params": moved, "statistics": kept, "optimizer": memory, "step": {step}}}'
_FOLLOWED = """
        return follow(
            {{"params": moved, "statistics": kept, "optimizer": memory, "step": {step}}}
        )
"""
_MOVED = """
            rule, before = rules()[name], (owned(moved, name), state["optimizer"][name])
            updates, remembered = rule.update(gradients[name], before[1], owned(params, name))
            after = optax.apply_updates(before[0], updates), remembered
            {pause}moved, memory[name] = moved | after[0], after[1]
            kept = kept | owned(statistics, name)
"""
_MOVED_OR_PAUSED = """
            rule = rules()[name]
            before = owned(moved, name), state["optimizer"][name], owned(kept, name)
            updates, remembered = rule.update(gradients[name], before[1], owned(params, name))
            after = optax.apply_updates(before[0], updates), remembered, owned(statistics, name)
            after = either(due(name, state["step"]), after, before)
            moved, memory[name], kept = moved | after[0], after[1], kept | after[2]
"""


def step(
    *,
    in_turn: bool,
    penalties: bool,
    pauses: bool,
    follows: bool,
    statistics: bool,
    differs: bool = False,
    unguarded: bool = False,
) -> ast.FunctionDef:
    """The training step of a round in which all move together, or of one turn of it, `move`.

    Args:
        penalties: whether weights add to what is minimised.
        pauses: whether there are rounds in which an objective moves nothing.
        follows: whether other networks take their weights from those that move.
        statistics: whether there are running statistics.
        differs: whether the calls that move these differ from turn to turn.
        unguarded: whether it may be asked not to look for numbers that are not finite.
    """
    free = unguarded and not in_turn
    moves = _MOVED_OR_PAUSED if pauses and statistics else _MOVED
    after = (_FOLLOWED if follows and not in_turn else _AFTER).strip()
    minimized = "objectives(outputs, params)" if penalties else "objectives(outputs)"
    text = _STEP.format(
        head="move(state, names, batch, key)"
        if in_turn
        else f"train_step(state, batch, key{GUARDED * free})",
        docstring=_IN_TURN if in_turn else _TOGETHER.format(also=OTHERWISE.rstrip() * free),
        turn=", turn=names" * differs,
        found=f"found = {minimized}\n        " * in_turn,
        values="{name: found[name] for name in names}" if in_turn else minimized,
        memory='dict(state["optimizer"])' if in_turn else "{}",
        after=after.format(step='state["step"]' if in_turn else 'state["step"] + 1'),
        early=f"{EARLY.strip()}\n    " * free,
        returned=(_RETURNED_IN_TURN if in_turn else _RETURNED).strip(),
        moves=moves.strip().format(pause=f"{_PAUSED}\n            " * pauses),
    )
    return templates(text)["move" if in_turn else "train_step"]


def in_turn(different: Mapping[str, ast.FunctionDef]) -> dict[str, ast.FunctionDef]:
    """The functions that call the networks, told whose turn it is: objectives, or None for all.

    Args:
        different: those that are not the usual ones.
    """
    found = {word: copy_tree({**TEMPLATES, **different}[word]) for word in ("call", "forward")}
    for function in found.values():
        function.args.kwonlyargs.append(ast.arg("turn"))
        function.args.kw_defaults.append(ast.Constant(None))
    calls = (node for node in ast.walk(found["forward"]) if isinstance(node, ast.Call))
    inner = next(node for node in calls if getattr(node.func, "id", "") == "call")
    inner.keywords.append(ast.keyword("turn", name("turn")))
    return found
