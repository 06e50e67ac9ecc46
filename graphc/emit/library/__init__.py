"""Functions and classes that emitted modules contain: the emitter copies those that a module names.

graphc never imports these files; it reads their text. Each imports only jax, flax, optax and what
it takes from the other files here. A definition may name what is imported and other definitions of
this folder, which are then copied too; nothing else stands at the top level. Each says why it is
there.
"""
