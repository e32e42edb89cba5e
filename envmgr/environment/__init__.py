"""Objects as an environment: the variables by which programs find what is in them."""
