"""A client of the rpc family: it reports a session to a daemon, makes calls, and comes back when the daemon does."""
