"""What both faces share of a request: who is asking, and the name of the request."""
