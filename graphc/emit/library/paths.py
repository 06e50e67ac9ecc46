"""Arrays by their paths in the spec, where layers that are stored together share an array."""

import fnmatch
import itertools

import jax
import jax.numpy as jnp
import optax


def by_path(rule, paths):
    """A rule of optax that is told the arrays of the spec, for weights as they are stored.

    Args:
        rule: sees each array under its path in the spec.
        paths: for stored arrays, the paths of what they hold; see `apart`.
    """

    rule = optax.with_extra_args_support(rule)

    def init(params):
        return rule.init(apart(params, paths))

    def update(updates, state, params=None, **more):
        parts, state = rule.update(apart(updates, paths), state, apart(params, paths), **more)
        return together(parts, params, paths), state

    return optax.GradientTransformationExtraArgs(init, update)


def apart(params, paths):
    """The arrays of the spec by their paths.

    Args:
        params: a nested dict of arrays.
        paths: for arrays of `params` what they hold, where that is not one array of the same
            path: its path, a list of what is stacked along the first axis, or a dict of paths with
            the widths of what lies beside one another along the last one.
    """
    found = {}
    for place, array in jax.tree.leaves_with_path(params):
        stored = jax.tree_util.keystr(place, simple=True, separator="/")
        found |= parts_of(array, paths.get(stored, stored))
    return found


def parts_of(array, names):
    """The arrays in one array by their paths."""
    if isinstance(names, str):
        return {names: array}
    if isinstance(names, dict):
        ends = list(itertools.accumulate(names.values()))
        return dict(zip(names, jnp.split(array, ends[:-1], axis=-1), strict=True))
    rows = map(parts_of, array, names)
    return {name: part for row in rows for name, part in row.items()}


def together(arrays, params, paths):
    """The inverse of `apart`, in the structure of `params`."""

    def whole(place, _):
        stored = jax.tree_util.keystr(place, simple=True, separator="/")
        return whole_of(arrays, paths.get(stored, stored))

    return jax.tree.map_with_path(whole, params)


def whole_of(arrays, names):
    """The one array that holds the arrays with these names."""
    if isinstance(names, str):
        return arrays[names]
    if isinstance(names, dict):
        return jnp.concatenate([arrays[name] for name in names], axis=-1)
    return jnp.stack([whole_of(arrays, each) for each in names])


def in_groups(rules):
    """A rule of optax that moves each array by the rule of the first pattern its path matches."""

    def labels(arrays):
        return {
            path: next(pattern for pattern in rules if fnmatch.fnmatchcase(path, pattern))
            for path in arrays
        }

    return optax.partition(rules, labels)


def matching(patterns):
    """Which of some arrays have a path that matches one of the patterns."""

    def mask(arrays):
        return {
            path: any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns) for path in arrays
        }

    return mask


def sum_of_squares(arrays, pattern):
    """The sum over all numbers of the arrays whose paths match."""
    return sum(
        jnp.sum(jnp.square(array))
        for path, array in arrays.items()
        if fnmatch.fnmatchcase(path, pattern)
    )


def sum_of_magnitudes(arrays, pattern):
    """The sum over all numbers of the arrays whose paths match."""
    return sum(
        jnp.sum(jnp.abs(array))
        for path, array in arrays.items()
        if fnmatch.fnmatchcase(path, pattern)
    )
