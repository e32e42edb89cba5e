"""One file a command of `envmgr recipe`."""
