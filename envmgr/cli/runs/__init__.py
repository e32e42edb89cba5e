"""The commands of `envmgr runs`, one file each."""
