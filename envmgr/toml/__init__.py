"""TOML files that people write: read as models, each fault said with its place."""
