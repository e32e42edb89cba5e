"""From text to derivations: recipes, axes, host facts and the lockfile. Touches no network and builds nothing."""
