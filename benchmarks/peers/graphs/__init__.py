"""Networks over a graph in other forms."""
