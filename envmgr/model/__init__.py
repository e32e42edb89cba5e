"""The words of envmgr as values: no file, clock, environment variable or process is touched here."""
