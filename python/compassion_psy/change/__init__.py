"""Change of persons between waves: how much, how sure, and of whom."""
