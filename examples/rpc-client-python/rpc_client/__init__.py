"""An rpc client: registers a session with a daemon, makes calls, and reconnects when the daemon restarts."""
