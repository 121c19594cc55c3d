"""Building blocks for real-time clients that relayspec's conformance runner can test."""
