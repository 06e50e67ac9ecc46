"""A convolutional pair of networks against each other in other forms."""
