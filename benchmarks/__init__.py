"""What graphc costs and what its networks reach, measured: see README.md."""
