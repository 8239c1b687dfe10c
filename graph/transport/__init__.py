"""How requests reach the graph and answers leave it: HTTP, event streams and WebSockets."""
