"""Residual networks in other forms."""
