"""The application for a WSGI server: `gunicorn --config python:deskops.serving wsgi:application`."""

from deskops.app import create_app

application = create_app()
