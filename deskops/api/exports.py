"""Exports: asked for, watched and downloaded, at /export and by its other name /exports."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, send_file

from deskops.accounts.policy import EXPORT
from deskops.api import envelope, params
from deskops.api.bodies import read_object
from deskops.errors import Forbidden, RateLimitExceeded, say
from deskops.exports import jobs
from deskops.exports.models import ExportJob
from deskops.face import identity
from deskops.schema.kinds import moment_json

NAMES = ("export", "exports")


def add_routes(blueprint: Blueprint) -> None:
    for name in NAMES:
        for method, path, view in (
            ("GET", "", read_exports),
            ("POST", "", create_export),
            ("GET", "/<uuid:job_id>/status", read_status),
            ("GET", "/<uuid:job_id>/download", download),
        ):
            blueprint.add_url_rule(f"/{name}{path}", f"{name}_{view.__name__}", view, methods=[method])


def read_exports() -> Response:
    """The caller's newest exports."""
    actor = identity.actor()
    params.only()
    return envelope.whole_list(listed_json(job) for job in jobs.list_own(actor))


def create_export() -> Response:
    actor = identity.actor()
    if not actor.sites(EXPORT):
        raise Forbidden(say("You may not export from any site"))
    params.only()
    try:
        job = jobs.create(actor, read_object())
    except RateLimitExceeded as too_many:
        active = [each for each in jobs.list_own(actor) if each.is_active]
        too_many.details["retryAfter"] = seconds_until_one_is_ready(active)
        raise
    told = {
        "jobId": job.id,
        "status": job.status,
        "estimatedTimeMs": jobs.estimated_time_ms(job),
        "createdAt": moment_json(job.created_at),
    }
    return envelope.one(told, 201, {"Location": path(job, "status")})


def seconds_until_one_is_ready(active: list[ExportJob]) -> int:
    """At least one; by the estimate of the quickest."""
    return 1 + min((jobs.estimated_time_ms(job) for job in active), default=0) // 1000


def read_status(job_id: UUID) -> Response:
    job = jobs.get(identity.actor(), str(job_id))
    params.only()
    return envelope.one(status_json(job))


def download(job_id: UUID) -> Response:
    """The file itself, under its name."""
    job = jobs.get(identity.actor(), str(job_id))
    params.only()
    found = jobs.open_file(job)
    answer = send_file(found.file, mimetype=found.mimetype, as_attachment=True, download_name=found.name)
    answer.content_length = found.size
    return answer


def path(job: ExportJob, what: str) -> str:
    return f"/api/export/{job.id}/{what}"


def status_json(job: ExportJob) -> dict[str, Any]:
    """How far a job is; `downloadUrl` while there is a file, `error` where it failed."""
    told: dict[str, Any] = {
        "jobId": job.id,
        "status": job.status,
        "progress": job.progress,
        "expiresAt": moment_json(job.expires_at) if job.expires_at else None,
        "fileSize": job.file_size,
        "fileHash": job.file_hash,
        "recordCount": job.row_count,
    }
    if job.is_ready:
        told["downloadUrl"] = path(job, "download")
    if job.error:
        told["error"] = job.error
    return told


def listed_json(job: ExportJob) -> dict[str, Any]:
    return status_json(job) | {
        "module": job.module,
        "format": job.format,
        "fileName": job.file_name,
        "createdAt": moment_json(job.created_at),
    }
