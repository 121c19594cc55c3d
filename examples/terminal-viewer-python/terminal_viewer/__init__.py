"""A terminal viewer: joins a host's terminal sessions through a relay."""
