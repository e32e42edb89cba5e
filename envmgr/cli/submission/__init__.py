"""The subcommands of `envmgr submission`, one file each."""
