"""DeskOps as it ships, with one route more that answers nothing: what sign-in, limits and logging cost alone."""

from flask import Response

from deskops.app import create_app

application = create_app()


@application.get("/api/bare")
def bare() -> Response:
    return Response('{"data":null}', mimetype="application/json")
