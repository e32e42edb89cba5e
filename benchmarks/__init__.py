"""Paired measurements of what envmgr promises: each against the peer that bounds it, in one run, in turns."""
