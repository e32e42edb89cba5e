"""What goes with LoadGen in Python: the records of its accuracy log, and their score."""
