"""What owners do with secrets; API and pages call the same functions, which record it."""

from typing import Any

from punctual.domain.secrets.names import is_name
from punctual.ops.sealing import SealingKey
from punctual.store.schema.models import Secret
from punctual.store.secrets import changes as store
from punctual.store.secrets.changes import MOST_NAMED
from punctual_api.accounts.names import look_up_names, name_of
from punctual_api.audit.recorder import record
from punctual_api.http.context import session, settings, team_id, team_ids, team_slug, user_id
from punctual_api.http.problems import Fault, Problem, limit_reached, not_found, taken

MOST_SECRETS = 200
"""Of a team."""

NO_KEY = (
    "Secrets cannot be saved: PUNCTUAL_SECRETS_PUBLIC_KEY is not set for the API. An operator makes"
    " a pair of keys by `punctual secrets keygen`, and sets the private one for the workers."
)
Document = dict[str, Any]


def sealing_key() -> SealingKey:
    """Return the key that values are sealed with; raises Problem 503 where none is set."""
    key = settings().secrets_public_key
    if not key:
        raise Problem(503, NO_KEY)
    return SealingKey(key)


def listed() -> list[Document]:
    """Return the secrets of the teams of this request, as they are answered."""
    return _shown(list(store.list_secrets(session(), team_ids=team_ids())))


def listed_of_team() -> list[Document]:
    """Return the secrets of the one team of this request, likewise."""
    return _shown(list(store.list_secrets(session(), team_ids=[team_id()])))


def shown(secret: Secret) -> Document:
    """Return a secret as it is answered, but for the schema's formats."""
    return _shown([secret])[0]


def create_own(name: str, value: str) -> Secret:
    """Return a new secret; raises Problem: 409 for a name that is taken or one too many, 503."""
    key = sealing_key()
    if store.count_secrets(session(), team_id=team_id()) >= MOST_SECRETS:
        raise limit_reached(f"The team has {MOST_SECRETS} secrets, which is the most.")
    sealed = key.seal(value, team_id=team_id(), name=name)
    made = store.create_secret(
        session(), team_id=team_id(), name=name, sealed=sealed, key=key.id, by=user_id()
    )
    if made is None:
        raise taken(f"The team has a secret {name} already: replace its value by PUT.")
    record("secret", made.id, name, after=recorded_secret(made))
    return made


def replace_own(name: str, value: str) -> Secret:
    """Give a secret another value; raises Problem 404 for one that is not there, 503."""
    key = sealing_key()
    sealed_for = own_secret(name, lock=False).key  # tasks may be saved with it at the same time
    sealed = key.seal(value, team_id=team_id(), name=name)
    replaced = store.replace_secret(
        session(), team_id=team_id(), name=name, sealed=sealed, key=key.id, by=user_id()
    )
    if replaced is None:
        raise not_found("secret")
    before = {"version": replaced.version - 1, "sealed_for": sealed_for}
    record("secret", replaced.id, name, before=before, after=recorded_secret(replaced))
    return replaced


def delete_own(name: str, *, force: bool) -> None:
    """Delete a secret; raises Problem: 404, and 409 while tasks use it, unless `force`."""
    secret = own_secret(name, lock=True)
    users = store.users_of(session(), [secret.id])[secret.id]
    if users and not force:
        named = users[:MOST_NAMED]
        more = " More tasks than these use it." if len(users) > MOST_NAMED else ""
        raise Problem(
            409,
            f"Tasks use the secret {name}; see errors.{more} Change them first, or delete it with"
            " force=true: their next runs fail.",
            faults=[Fault(f"/api/tasks/{task.id}/", f"“{task.name}” uses it.") for task in named],
        )
    record("secret", secret.id, name, before=recorded_secret(secret))
    store.delete_secret(session(), secret)


def recorded_secret(secret: Secret) -> Document:
    """Return what the record keeps of a secret: enough to tell values apart, and none of them."""
    return {"version": secret.version, "sealed_for": secret.key}


def own_secret(name: str, *, lock: bool) -> Secret:
    """Return the secret of the team of this request; raises Problem 404."""
    found = None
    if is_name(name):
        found = store.find_secret(session(), name, team_id=team_id(), lock=lock)
    if found is None:
        raise not_found("secret")
    return found


def _shown(secrets: list[Secret]) -> list[Document]:
    look_up_names(secret.updated_by for secret in secrets)
    users = store.users_of(session(), [secret.id for secret in secrets])
    return [
        {
            "name": secret.name,
            "team": team_slug(secret.team_id),
            "key": secret.key,
            "created_at": secret.created_at,
            "updated_at": secret.updated_at,
            "updated_by": name_of(secret.updated_by),
            "used_by": [task._asdict() for task in users[secret.id][:MOST_NAMED]],
            "used_by_more": len(users[secret.id]) > MOST_NAMED,
        }
        for secret in secrets
    ]
