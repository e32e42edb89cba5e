"""Submissions to MLPerf: the tree of a round, made from records alone, and what a round refuses."""
