"""Character models in other forms, one module each, with the same `start` as the forms beside."""
