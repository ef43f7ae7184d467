"""A bare Flask answer: what no request on this server can be cheaper than."""

from flask import Flask

application = Flask("bare")


@application.get("/bare")
def bare() -> str:
    return "ok"
