"""deskops doctor"""

from __future__ import annotations

import click

from deskops.commands.opening import settings_of_command
from deskops.config import Settings


@click.command()
def doctor() -> None:
    """Look at settings, database, queue, storage and system libraries; exit 1 where one is wrong."""
    from deskops.system import examine

    settings = settings_of_command()
    show_settings(settings)
    failed = False
    for finding in examine(settings):
        mark = "ok" if finding.is_fine else "note" if finding.is_optional else "WRONG"
        failed = failed or mark == "WRONG"
        click.echo(f"{mark:<6} {finding.part}: {finding.found}")
        if finding.cure:
            click.echo(f"       {finding.cure}")
    if failed:
        raise SystemExit(1)


def show_settings(settings: Settings) -> None:
    """The settings in force, without a key or a password."""
    web, limits, sessions = settings.web, settings.limits, settings.sessions
    embedded = "embedded" if settings.queue_is_embedded else "of REDIS_URL"
    kind = "SQLite" if settings.database_file else "PostgreSQL of DATABASE_URL"
    cookies = "secure cookies" if web.secure_cookies else "cookies also without HTTPS"
    click.echo(
        f"       address: {web.host} port {web.port}, {web.workers} processes of {web.threads} threads"
    )
    click.echo(
        f"       database: {kind}; queue: {embedded}; trusted proxies: {web.trusted_proxies}; {cookies}"
    )
    click.echo(
        f"       limits: {limits.requests_per_minute} requests a minute, "
        f"{limits.requests_per_second} a second; "
        f"sessions end after {sessions.lifetime}, or {sessions.idle} idle"
    )
