"""What belongs to the server and not to the database: roles, memberships and settings, read from the catalogs, without passwords.

Stored as an encrypted object of its own beside the dump (settings may name what nobody else should read). A drill makes the roles
that are missing, without login, so that ownership and grants can be restored; it never changes a role that is there.
"""

from __future__ import annotations

import json
from typing import Any, Literal

import psycopg
from psycopg import sql
from pydantic import ValidationError

from backups.errors import Damaged, Fault
from backups.header import Strict, first_fault

_ROLES = """
    SELECT rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls, rolconnlimit
    FROM pg_roles WHERE rolname NOT LIKE 'pg\\_%' ORDER BY rolname COLLATE "C"
"""
_MEMBERSHIPS = """
    SELECT r.rolname, m.rolname, a.admin_option FROM pg_auth_members a
    JOIN pg_roles r ON r.oid = a.roleid JOIN pg_roles m ON m.oid = a.member
    WHERE m.rolname NOT LIKE 'pg\\_%' ORDER BY 1, 2
"""
_SETTINGS = """
    SELECT coalesce(d.datname, ''), coalesce(r.rolname, ''), s.setconfig FROM pg_db_role_setting s
    LEFT JOIN pg_database d ON d.oid = s.setdatabase LEFT JOIN pg_roles r ON r.oid = s.setrole
    WHERE s.setdatabase = 0 OR d.datname = current_database() ORDER BY 1, 2
"""


class Role(Strict):
    name: str
    superuser: bool
    inherit: bool
    create_role: bool
    create_database: bool
    login: bool
    replication: bool
    bypass_row_security: bool
    connection_limit: int


class Membership(Strict):
    role: str
    member: str
    admin: bool


class Setting(Strict):
    """`ALTER DATABASE ... SET` and `ALTER ROLE ... SET`; empty names mean all."""

    database: str
    role: str
    values: tuple[str, ...]


class Globals(Strict):
    schema_version: Literal[1]
    roles: tuple[Role, ...]
    memberships: tuple[Membership, ...]
    settings: tuple[Setting, ...]

    def encoded(self) -> bytes:
        return self.model_dump_json().encode()


def read(connection: psycopg.Connection[Any]) -> Globals:
    """The globals as this role may see them."""
    names = tuple(Role.model_fields)
    return Globals(
        schema_version=1,
        roles=tuple(Role(**dict(zip(names, row, strict=True))) for row in connection.execute(_ROLES)),
        memberships=tuple(Membership(role=role, member=member, admin=admin) for role, member, admin in connection.execute(_MEMBERSHIPS)),
        settings=tuple(Setting(database=base, role=role, values=tuple(values)) for base, role, values in connection.execute(_SETTINGS)),
    )


def decode(content: bytes) -> Globals:
    try:
        return Globals.model_validate_json(content)
    except (ValidationError, json.JSONDecodeError) as error:
        why = first_fault(error) if isinstance(error, ValidationError) else "no JSON"
        raise Damaged(Fault.ARCHIVE, f"the globals are malformed: {why}") from None


def create_missing_roles(connection: psycopg.Connection[Any], wanted: Globals) -> tuple[str, ...]:
    """Make the roles that the server lacks, without login or rights, and their memberships; their names."""
    there = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
    missing = tuple(role.name for role in wanted.roles if role.name not in there)
    for name in missing:
        connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(name)))
    for each in wanted.memberships:
        if each.role in missing or each.member in missing:
            connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(each.role), sql.Identifier(each.member)))
    return missing


def drop_roles(connection: psycopg.Connection[Any], names: tuple[str, ...]) -> None:
    for name in names:
        connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(name)))
