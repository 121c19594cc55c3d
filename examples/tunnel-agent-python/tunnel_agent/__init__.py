"""A tunnel agent: makes a local HTTP server reachable through a cloud."""
