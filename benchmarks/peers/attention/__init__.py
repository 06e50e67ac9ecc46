"""Transformers that read characters, in other forms."""
