"""What moved a number: the parts in which two runs differ are swapped one after another, run, and judged."""
