"""How an object is made: a staging folder and ready inputs in, a finished tree out. Nothing here knows the store."""
