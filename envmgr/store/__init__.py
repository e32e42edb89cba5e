"""Where objects are kept: published, named by what they contain, looked up, verified and collected."""
