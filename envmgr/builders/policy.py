"""How a user wants builds to be held: by itself, so that a command's options need not wait for what holds them."""

from typing import Literal

Policy = Literal["required", "preferred", "confined", "none"]
"""How to hold builds: in a full sandbox or not at all; as well as the host allows; by Landlock; by nothing."""
