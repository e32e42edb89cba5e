"""The subcommands of `envmgr cache`, one file each."""
