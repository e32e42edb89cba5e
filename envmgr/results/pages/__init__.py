"""Results as pages that people look at: a report of some runs, a dashboard of all. Values in, HTML out."""
