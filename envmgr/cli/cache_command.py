"""`envmgr cache`: binary caches, whom to trust, and what goes to and fro."""

from envmgr.cli.lazy_group import LazyGroup

command = LazyGroup(
    "cache",
    module="envmgr.cli.cache.{}",
    lines={
        "add": "Ask a cache from now on, before anything is built.",
        "keygen": "Make a key to sign with, and print the public one.",
        "list": "The caches and the keys, or the objects of a cache.",
        "pull": "Copy objects out of one cache into the store.",
        "push": "Write objects, with all that they refer to, into a cache.",
        "remove": "Ask a cache no more.",
        "revoke": "Refuse what nobody but this key has signed.",
        "serve": "Serve a cache in a folder over HTTP.",
        "sign": "Sign what a cache says, where somebody vouches for it.",
        "stats": "How much a cache holds.",
        "trust": "Believe what is signed with a key.",
    },
    help="Copy finished objects to and from binary caches, and say whose signatures count.",
)
