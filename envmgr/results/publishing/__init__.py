"""Runs told to others: to Weights & Biases, to MLflow, or into a folder. Never unasked, and the same run only once."""
