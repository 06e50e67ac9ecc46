"""The same training in other forms, one module each, and the process that runs one of them.

Each module has `start(workload, arrays, weights)`, which gives a function from the number of an
epoch to the mean loss over it; it returns when the epoch is done. `weights` are the initial ones,
by their paths in the spec, so that all forms begin alike.
"""
