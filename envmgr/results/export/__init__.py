"""Runs in the forms that other tools read: pure functions from fields to files."""
