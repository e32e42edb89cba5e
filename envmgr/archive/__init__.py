"""Archives, read strictly: ambiguity is an error, not a choice."""
