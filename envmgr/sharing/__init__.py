"""Sharing objects with other machines: a closure in one file, and what lies in other stores and caches."""
