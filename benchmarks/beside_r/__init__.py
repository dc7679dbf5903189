"""The page of our numbers beside R's: ``python -m benchmarks.beside_r`` writes it."""
