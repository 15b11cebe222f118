"""The provider: where it is, what it is asked, and the proof that an answer is its own.

Authlib makes the requests and verifies the answers. What it leaves to its users is done here: the
name of the issuer, the audience, the algorithms, time limits, and the subject of the user's data.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import FlaskIntegration, FlaskOAuth2App
from joserfc.errors import ExpiredTokenError, InvalidClaimError, JoseError
from requests import HTTPError, RequestException
from requests.exceptions import InvalidJSONError

from punctual.domain.single_sign_on import LONGEST_SUBJECT, groups_in, is_safe_url
from punctual.ops.config import Settings
from punctual_api.http.bounded_calls import BoundedCalls, TooManyCalls
from punctual_api.single_sign_on import failures
from punctual_api.single_sign_on.pending import Started

ALGORITHMS = tuple(f"{family}{bits}" for family in ("RS", "PS", "ES") for bits in (256, 384, 512))
"""With a public key: no one who only knows the client's secret, or nothing, can sign."""
CLIENT_AUTHENTICATION = ("client_secret_basic", "client_secret_post")
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
OPTIONAL_ENDPOINTS = ("userinfo_endpoint", "end_session_endpoint")
KNOWN_FOR_SECONDS = 600
"""How long the provider's description and keys are used before they are read again."""
REQUEST_SECONDS = 5
"""How long a request waits for the provider's next byte."""
ANSWER_SECONDS = 10
"""How long a user waits for all requests of one step."""
AT_ONCE = 3
"""Steps that wait for the provider at once: fewer than a process has threads for requests."""
CLOCK_LEEWAY_SECONDS = 120
TIMES = ("exp", "iat", "nbf")
EMAIL_CLAIMS = ("email", "email_verified")

Answer = TypeVar("Answer")


class Provider:
    """The provider that the settings name."""

    def __init__(self, settings: Settings) -> None:
        self.issuer = settings.oidc_issuer
        self.name = settings.oidc_name
        self._settings = settings
        self._calls = BoundedCalls(at_once=AT_ONCE, seconds=ANSWER_SECONDS)
        self._client: FlaskOAuth2App | None = None
        self._known_until = 0.0

    def start(self, redirect_uri: str) -> Started:
        """Return where the user logs in; raises SignOnFailed."""
        client = self._known_client() or self._call(self._discover)
        made = client.create_authorization_url(redirect_uri)
        return Started(made["url"], made["state"], made["nonce"], made["code_verifier"])

    def claims(
        self, code: str, *, redirect_uri: str, nonce: str, code_verifier: str
    ) -> Mapping[str, Any]:
        """Return what the provider says about the user, verified; raises SignOnFailed."""

        def exchange() -> Mapping[str, Any]:
            client = self._known_client() or self._discover()
            token = client.fetch_access_token(
                redirect_uri=redirect_uri, code=code, code_verifier=code_verifier
            )
            return self._verified(client, token, nonce)

        return self._call(exchange)

    def logout_url(self) -> str | None:
        """Return where users log out of the provider, if that is known."""
        client = self._client
        url = None if client is None else client.server_metadata.get("end_session_endpoint")
        return url if isinstance(url, str) else None

    @property
    def client_id(self) -> str:
        """Return by which name the provider knows this installation."""
        return self._settings.oidc_client_id

    def _call(self, function: Callable[[], Answer]) -> Answer:
        try:
            return self._calls.run(function)
        except TooManyCalls:
            raise failures.busy(self.name) from None
        except HTTPError as error:
            is_fault_there = error.response is None or error.response.status_code >= 500
            failure = failures.unreachable if is_fault_there else failures.misconfigured
            raise failure(self.name, error) from None
        except InvalidJSONError as error:
            raise failures.misconfigured(self.name, error) from None
        except (RequestException, TimeoutError) as error:
            raise failures.unreachable(self.name, error) from None
        except ExpiredTokenError as error:
            raise failures.wrong_clock(self.name, error) from None
        except InvalidClaimError as error:
            failure = failures.wrong_clock if error.claim in TIMES else failures.unverified
            raise failure(self.name, error) from None
        except OAuthError as error:
            if error.error == "invalid_grant":
                raise failures.failed(400, failures.CODE_REFUSED, reason="code refused") from None
            raise failures.misconfigured(self.name, error) from None
        except (JoseError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise failures.unverified(self.name, error) from None

    def _known_client(self) -> FlaskOAuth2App | None:
        return self._client if time.monotonic() < self._known_until else None

    def _discover(self) -> FlaskOAuth2App:
        """Return a client that knows the provider's description; a fault of it stops the login."""
        settings = self._settings
        client = FlaskOAuth2App(
            FlaskIntegration("oidc"),
            name="oidc",
            client_id=settings.oidc_client_id,
            client_secret=settings.oidc_client_secret,
            server_metadata_url=f"{self.issuer.rstrip('/')}/.well-known/openid-configuration",
            client_kwargs={
                "scope": settings.oidc_scopes,
                "code_challenge_method": "S256",
                "default_timeout": REQUEST_SECONDS,
            },
            user_agent="punctual",
        )
        found = client.load_server_metadata()
        self._check_metadata(found)
        supported = found.get("id_token_signing_alg_values_supported") or ["RS256"]
        found["id_token_signing_alg_values_supported"] = [a for a in ALGORITHMS if a in supported]
        accepted = found.get("token_endpoint_auth_methods_supported") or CLIENT_AUTHENTICATION
        client.client_kwargs["token_endpoint_auth_method"] = next(
            (method for method in CLIENT_AUTHENTICATION if method in accepted),
            CLIENT_AUTHENTICATION[0],
        )
        if not found["id_token_signing_alg_values_supported"]:
            raise failures.misconfigured(self.name, "it signs by none of RS, PS and ES")
        self._client, self._known_until = client, time.monotonic() + KNOWN_FOR_SECONDS
        return client

    def _check_metadata(self, found: Mapping[str, Any]) -> None:
        if (issuer := found.get("issuer")) != self.issuer:
            detail = f"its issuer is {str(issuer)[:200]!r}: set PUNCTUAL_OIDC_ISSUER to the same"
            raise failures.misconfigured(self.name, detail)
        for name in (*ENDPOINTS, *OPTIONAL_ENDPOINTS):
            url = found.get(name)
            if not is_safe_url(url) and (url is not None or name in ENDPOINTS):
                raise failures.misconfigured(self.name, f"its {name} is missing or not https")

    def _verified(
        self, client: FlaskOAuth2App, token: Mapping[str, Any], nonce: str
    ) -> Mapping[str, Any]:
        options = {
            "iss": {"essential": True, "values": [self.issuer]},
            # Authlib alone would take a token for another client with our name in `azp`.
            "aud": {"essential": True, "values": [self._settings.oidc_client_id]},
        }
        claims = client.parse_id_token(
            token, nonce=nonce, claims_options=options, leeway=CLOCK_LEEWAY_SECONDS
        )
        if claims is None:
            raise failures.unverified(self.name, "there is no ID token")
        subject = claims["sub"]
        if not 0 < len(subject) <= LONGEST_SUBJECT or not subject.isprintable():
            raise failures.unverified(self.name, "the subject is empty, too long or not printable")
        more = self._more_claims(client, token, claims)
        if "email" in claims:  # what is said about an address counts for that address
            more = {name: more[name] for name in more if name not in EMAIL_CLAIMS}
        return {**more, **claims}

    def _more_claims(
        self, client: FlaskOAuth2App, token: Mapping[str, Any], claims: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Return what an ID token does not have and the provider answers apart."""
        settings = self._settings
        wants_groups = settings.oidc_group_roles and not groups_in(
            claims, settings.oidc_groups_claim
        )
        if "userinfo_endpoint" not in client.server_metadata:
            return {}
        if claims.get("email") and not wants_groups:
            return {}
        more: Mapping[str, Any] = client.userinfo(token=dict(token))
        if more.get("sub") != claims["sub"]:
            raise failures.unverified(self.name, "the user's data are of another subject")
        return more
