"""The one way out to the network: addresses to checked bytes, and where packages are looked for."""
