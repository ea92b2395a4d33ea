"""How each kind of request log writes a request."""
