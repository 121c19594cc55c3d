"""A sync client: shows a chat of a desktop server, and sends what is typed."""
