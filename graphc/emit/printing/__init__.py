"""From syntax trees to text that a formatter leaves as it is."""
