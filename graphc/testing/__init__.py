"""The test kit for operations, graphc's own and those that other packages register.

It needs hypothesis (`pip install graphc[test]`) and, for the parts that run operations, jax.
"""
