"""A tunnel agent: lets the public reach a local HTTP server through a cloud."""
