"""A hermetic build and environment manager for machine-learning benchmarks."""

__version__ = "0.1.0"
