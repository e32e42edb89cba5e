"""What can be said, and proved, of where objects and runs come from."""
