"""Exports: asked for, watched and downloaded, at /export and by its other name /exports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response, send_file

from deskops.accounts import policy
from deskops.accounts.actor import Actor
from deskops.api import envelope, export_shapes, params
from deskops.api.bodies import read_object
from deskops.api.operations import Answer, Operation, Parameter, Section
from deskops.api.repeats import once
from deskops.api.shapes import (
    COUNT,
    ID,
    MOMENT,
    TEXT,
    UUID_TEXT,
    Shape,
    described,
    listed,
    nullable,
    one,
    one_of,
)
from deskops.errors import (
    ExportExpired,
    ExportJobFailed,
    ExportNotReady,
    Forbidden,
    FormatUnavailable,
    IdempotencyConflict,
    InvalidDateRange,
    InvalidSiteId,
    NotFound,
    RateLimitExceeded,
    say,
)
from deskops.exports import jobs
from deskops.exports.models import COMPLETED, FAILED, PENDING, PROCESSING, ExportJob
from deskops.exports.request import FORMATS
from deskops.exports.sources import SOURCES
from deskops.exports.writers import WRITERS
from deskops.face import identity
from deskops.schema.kinds import moment_json

JOB_ID = Parameter("jobId", "The export", UUID_TEXT, required=True, place="path")
STATUS = {
    "jobId": ID,
    "status": one_of(PENDING, PROCESSING, COMPLETED, FAILED),
    "progress": {"type": "integer", "minimum": 0, "maximum": 100, "examples": [100]},
    "expiresAt": nullable(described(MOMENT, "When the file goes: 24 hours after it was made")),
    "fileSize": nullable(described(COUNT, "Bytes", 48213)),
    "fileHash": nullable(described(TEXT, "SHA-256 of the file", "9f86d081884c7d65")),
    "recordCount": nullable(COUNT),
    "downloadUrl": described(TEXT, "Where the file is, while there is one", "/api/export/…/download"),
    "error": described(TEXT, "Why it failed"),
}
WHERE_IT_IS_SO = ("downloadUrl", "error")
EXPORT_STATUS = Shape("ExportStatus", STATUS, optional=WHERE_IT_IS_SO)
EXPORT = Shape(
    "Export",
    {
        **STATUS,
        "module": one_of(*SOURCES),
        "format": one_of(*FORMATS),
        "fileName": described(TEXT, "", "received-ALASLA-29-2026-01-01-2026-01-31.csv"),
        "createdAt": MOMENT,
    },
    optional=WHERE_IT_IS_SO,
)
MADE = Shape(
    "ExportMade",
    {
        "jobId": ID,
        "status": STATUS["status"],
        "estimatedTimeMs": described(COUNT, "Milliseconds until it is likely ready", 750),
        "createdAt": MOMENT,
    },
)
REFUSALS = (InvalidDateRange, InvalidSiteId, FormatUnavailable, IdempotencyConflict)


def read_exports() -> Response:
    """The caller's newest exports."""
    actor = identity.actor()
    params.only()
    return envelope.whole_list(listed_json(job) for job in jobs.list_own(actor))


def create_export() -> Response:
    actor = identity.actor()
    if not actor.sites(policy.EXPORT):
        raise Forbidden(say("You may not export from any site"))
    params.only()
    body = read_object()
    return once(actor, body, lambda _key: created(actor, body))


def created(actor: Actor, body: Mapping[str, Any]) -> Response:
    try:
        job = jobs.create(actor, body)
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
    # Whole or not at all: a part of it is not offered.
    answer = send_file(
        found.file, found.mimetype, as_attachment=True, download_name=found.name, conditional=False
    )
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


def section(name: str, title: str, description: str, by: str = "") -> Section:
    """The four operations below this name; `by` tells theirs from those of another."""
    return Section(title, description, (*asking(name, by), *fetching(name, by)))


def asking(name: str, by: str) -> tuple[Operation, ...]:
    return (
        Operation(
            f"listExports{by}",
            f"GET /{name}",
            read_exports,
            "Your newest exports",
            Answer(listed(EXPORT)),
            f"At most {jobs.LISTED}, newest first; the list comes whole, as page 1.",
        ),
        Operation(
            f"createExport{by}",
            f"POST /{name}",
            create_export,
            "Ask for a file",
            Answer(one(MADE), 201, "Asked for; a worker makes it", headers=("Location",)),
            "A person has few exports under way at a time: 5 unless the server is set otherwise.",
            parameters=(params.IDEMPOTENCY_KEY,),
            body=export_shapes.BODY,
            errors=(InvalidDateRange, InvalidSiteId, FormatUnavailable, IdempotencyConflict),
        ),
    )


def fetching(name: str, by: str) -> tuple[Operation, ...]:
    return (
        Operation(
            f"readExportStatus{by}",
            f"GET /{name}/<uuid:job_id>/status",
            read_status,
            "How far an export is",
            Answer(one(EXPORT_STATUS)),
            parameters=(JOB_ID,),
            errors=(Forbidden, NotFound),
        ),
        Operation(
            f"downloadExport{by}",
            f"GET /{name}/<uuid:job_id>/download",
            download,
            "The file of an export",
            Answer(
                description="The file",
                headers=("Content-Disposition", "Content-Length"),
                others=tuple(writer.mimetype for writer in WRITERS.values()),
            ),
            parameters=(JOB_ID,),
            errors=(Forbidden, NotFound, ExportNotReady, ExportExpired, ExportJobFailed),
        ),
    )


SECTIONS = (
    section("export", "Exports", "Files of records, made by a worker and kept for 24 hours."),
    section("exports", "Exports by their other name", "The same operations at /api/exports.", "ByAlias"),
)
