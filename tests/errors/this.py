"""It has the name of a module of Python's standard library."""


def waves(x):
    return x
