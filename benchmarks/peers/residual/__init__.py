"""The residual network for CIFAR-10 in other forms."""
