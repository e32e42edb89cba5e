"""What a command of CM's or MLCFlow's comes to here: their words as tables, and one translation by these."""
