"""Two networks against each other in other forms."""
