"""A hermetic build and environment manager for machine-learning benchmarks."""
