"""Who may ask: names of the host, origins, tokens; and the headers that every answer has.

A server on 127.0.0.1 is within reach of every page that its user opens. So a request must
name the server as its user does (against DNS rebinding), one that changes or computes
something must not come from another site's page, and no other site may read an answer.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
import secrets
import socket
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers

from scotopic.serve.failures import Failure
from scotopic.serve.options import Options, is_loopback

SAFE = ("GET", "HEAD", "OPTIONS")
OPEN_PATHS = ("/healthz",)
"""What is answered without a token."""
_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' blob:",
    "media-src": "'self' blob:",
    "connect-src": "'self'",
    "worker-src": "'self'",
    "manifest-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
HEADERS = {
    "Content-Security-Policy": "; ".join(f"{what} {where}" for what, where in _POLICY.items()),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=(), payment=(), usb=()",
}
"""Every answer has these."""
_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^:\[\]@/\\\s]+)(:\d{1,5})?")


class Guard:
    """Decides whether a request is answered.

    Parameters
    ----------
    options : Options
    port : int
        That the server listens on.
    """

    def __init__(self, options: Options, port: int) -> None:
        self._options = options
        self._cookie = f"scotopic_{port}"
        # Not the token itself: browsers show cookies to every other port of the same host.
        self._session = secrets.token_urlsafe(32)

    def check_site(self, method: str, headers: Headers) -> None:
        """Refuse a request that is not addressed to this server, or comes from another site.

        Raises
        ------
        Failure
            403.
        """
        host = self._checked_host(headers)
        if method not in SAFE:
            _refuse_other_sites(headers, host)

    def check_token(self, path: str, headers: Headers) -> None:
        """Refuse a request without the token.

        Raises
        ------
        Failure
            401.
        """
        if path not in OPEN_PATHS and not self._is_allowed(headers):
            raise _no_token()

    def session_for(self, method: str, path: str, query: str) -> dict[str, str] | None:
        """Headers that let a browser in which opens the page with the token in its address.

        They lead it to the page without the token, and give it a cookie that no script can
        read and no other site can use. None for any other request.

        Raises
        ------
        Failure
            401 for a wrong token.
        """
        is_page = method == "GET" and path == "/"
        given = parse_qs(query).get("token", []) if is_page else []
        if not given or self._options.token is None:
            return None
        if not _equal(given[0], self._options.token):
            raise _no_token()
        cookie = f"{self._cookie}={self._session}; Path=/; HttpOnly; SameSite=Strict"
        return {"Location": "/", "Set-Cookie": cookie, "Cache-Control": "no-store"}

    def _checked_host(self, headers: Headers) -> str:
        given = headers.getlist("host")
        found = _HOST.fullmatch(given[0]) if len(given) == 1 else None
        if found is None or not self._is_own_name(found[1].strip("[]").lower().rstrip(".")):
            raise Failure(
                403,
                "wrong_host",
                "the server does not go by this name",
                "use the address that it printed when it was started",
            )
        return given[0].lower()

    def _is_own_name(self, name: str) -> bool:
        """A number cannot be rebound by DNS; of names, only our own ones are taken."""
        options = self._options
        if is_loopback(name) or name in (each.lower() for each in options.host_names):
            return True
        if options.is_local:
            return False
        own = socket.gethostname().lower()
        return _is_number(name) or name in (options.host.lower(), own, f"{own}.local")

    def _is_allowed(self, headers: Headers) -> bool:
        token = self._options.token
        if token is None:
            return True
        kind, _, given = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and _equal(given.strip(), token):
            return True
        try:
            held = SimpleCookie(headers.get("cookie", "")).get(self._cookie)
        except CookieError:
            return False
        return held is not None and _equal(held.value, self._session)


def _refuse_other_sites(headers: Headers, host: str) -> None:
    """Refuse what the page of another site sends; programs tell neither of the two headers."""
    origins, sites = headers.getlist("origin"), headers.getlist("sec-fetch-site")
    own = (f"http://{host}", f"https://{host}")
    if any(each.lower() not in own for each in origins) or any(
        each not in ("same-origin", "none") for each in sites
    ):
        raise Failure(403, "other_site", "pages of other sites may not use this server")


def _no_token() -> Failure:
    remedy = "open the address that the server printed, or send Authorization: Bearer TOKEN"
    wanted = {"WWW-Authenticate": 'Bearer realm="scotopic"'}
    return Failure(401, "no_token", "the server's token is missing or wrong", remedy, wanted)


def _equal(given: str, wanted: str) -> bool:
    """Compared in a time that tells nothing of where they differ."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())


def _is_number(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
