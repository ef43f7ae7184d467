"""Every table of the book, in the order they are created."""

from __future__ import annotations

from deskops.accounts.models import Membership, Session, Site, Token, TokenSite, User
from deskops.audit.chain import AuditEntry, AuditHead
from deskops.database import BaseModel
from deskops.days.models import DayClosing
from deskops.exports.models import ExportJob
from deskops.imports.models import Import, ImportProfile
from deskops.ledger.models import InventorySnapshot, SiteLedger, SnapshotDay
from deskops.modules import EVERY_MODULE
from deskops.modules.reference import Equipment, ManpowerRole, Material
from deskops.records import cube
from deskops.records.idempotency import KeptAnswer
from deskops.sanity.models import Review
from deskops.schema.counters import ChangeCounter

TABLES: tuple[type[BaseModel], ...] = (
    ChangeCounter,
    AuditEntry,
    AuditHead,
    Site,
    User,
    Membership,
    Session,
    Token,
    TokenSite,
    Material,
    Equipment,
    ManpowerRole,
    *(module.model for module in EVERY_MODULE.values()),
    *(cube.table_for(module) for module in EVERY_MODULE.values()),
    SiteLedger,
    SnapshotDay,
    InventorySnapshot,
    DayClosing,
    Review,
    KeptAnswer,
    ExportJob,
    Import,
    ImportProfile,
)
