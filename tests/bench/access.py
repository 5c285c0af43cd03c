"""The account that `uses` is measured with: tokens, apps, policies and groups, and other objects.

Every rule names one token, groups are nested ten deep, and some apps take any valid token. Bodies are
built before the first request, and the server remembers when its last byte left.
"""
import json
import threading
import time
import urllib.parse

from server import Handler, Server, token

ACCOUNT = "023e105f4ecef8ad9ca31a8372d0c353"
# The depth of nested groups, and the number of tokens that a policy or a group names.
DEPTH = 10
NAMED = 4


def identity(kind, number):
    return f"{kind:08x}-{number % 0x10000:04x}-4000-8000-{number:012x}"


class Account:
    """Objects of an account, each list as pages of JSON."""

    def __init__(self, tokens, apps, policies, groups, any_token_apps):
        self.sizes = (tokens, apps, policies, groups)
        self.tokens = [token(number) for number in range(tokens)]
        self.groups = [self.group(number) for number in range(groups)]
        self.policies = [self.policy(number) for number in range(policies)]
        self.apps = [self.app(number, number < any_token_apps) for number in range(apps)]
        self.bodies = dict(self.build())

    def names(self, start):
        """Rules that name one token each."""
        count = self.sizes[0]
        named = [self.tokens[(start + at) % count]["id"] for at in range(NAMED)]
        return [{"service_token": {"token_id": name}} for name in named]

    def group(self, number):
        include = self.names(number * NAMED)
        if number % DEPTH != DEPTH - 1 and number + 1 < self.sizes[3]:
            include.append({"group": {"id": identity(3, number + 1)}})
        rules = {"include": include, "exclude": [], "require": [], "is_default": []}
        return {"id": identity(3, number), "name": f"group {number}", **rules}

    def policy(self, number):
        """A reusable policy, as the apps that carry it show it too."""
        include = self.names(number * NAMED * 3)
        if number % 5 == 0:
            include.append({"group": {"id": identity(3, number % self.sizes[3])}})
        return self.rules(identity(2, number), f"policy {number}", include, True)

    def rules(self, policy_id, name, include, is_reusable):
        times = {"created_at": "2026-03-21T10:00:00Z", "updated_at": "2026-03-21T10:00:00Z"}
        rules = {"include": include, "exclude": [], "require": []}
        return {
            "id": policy_id,
            "uid": policy_id,
            "name": name,
            "decision": "non_identity",
            "reusable": is_reusable,
            **rules,
            **times,
        }

    def app(self, number, takes_any):
        host = f"app{number}.example.com"
        include = [{"any_valid_service_token": {}}] if takes_any else self.names(number * NAMED)
        own = self.rules(identity(5, number), f"own {number}", include, False)
        shared = self.policies[number % len(self.policies)]
        policies = [own | {"precedence": 1}]
        if not takes_any:
            policies.append(shared | {"precedence": 2})
        return {
            "id": identity(1, number),
            "uid": identity(1, number),
            "aud": f"{number:064x}",
            "name": f"app {number}",
            "type": "self_hosted",
            "domain": host,
            "self_hosted_domains": [host],
            "destinations": [{"type": "public", "uri": host}],
            "session_duration": "24h",
            "allowed_idps": [],
            "tags": [],
            "created_at": "2026-03-21T10:00:00Z",
            "updated_at": "2026-03-21T10:00:00Z",
            "policies": policies,
        }

    def build(self):
        """Bodies by path, and by page where a list has several."""
        alert = {
            "id": "0da2b59ef118439d8097bdfb215203c9",
            "name": "Expiring Access service token",
            "enabled": True,
            "alert_type": "expiring_service_token_alert",
            "filters": {},
            "mechanisms": {"email": [{"id": "ops@example.com"}], "webhooks": [], "pagerduty": []},
        }
        lists = {
            "access/service_tokens": self.tokens,
            "access/apps": self.apps,
            "access/policies": self.policies,
            "access/groups": self.groups,
            "hyperdrive/configs": [],
            "devices/policies": [],
            "alerting/v3/policies": [alert],
        }
        for path, items in lists.items():
            for page in range(1, max(1, -(-len(items) // 1000)) + 1):
                yield (path, page), listed(items, page)
        inactivity = {"enabled": True, "action": "disable", "inactivity_threshold_days": 90}
        organization = {"strict_service_token_auth": False, "service_token_inactivity": inactivity}
        yield ("access/organizations", 1), success(organization)
        yield ("access/organizations/doh", 1), success(None)
        yield ("devices/policy", 1), success({"default": True, "enabled": True})
        one = self.tokens[0]
        yield (f"access/service_tokens/{one['id']}", 1), success(one)


def success(result, **more):
    body = {"success": True, "errors": [], "messages": [], "result": result, **more}
    return json.dumps(body, separators=(",", ":")).encode()


def listed(items, page):
    shown = items[(page - 1) * 1000 : page * 1000]
    info = {
        "page": page,
        "per_page": 1000,
        "count": len(shown),
        "total_count": len(items),
        "total_pages": -(-len(items) // 1000),
    }
    return success(shown, result_info=info)


class AccessHandler(Handler):
    account = None
    last_byte = 0.0

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        path = url.path.removeprefix(f"/client/v4/accounts/{ACCOUNT}/")
        page = int(urllib.parse.parse_qs(url.query).get("page", ["1"])[0])
        body = self.account.bodies.get((path, page))
        status = 200 if body else 404
        body = body or b'{"success":false,"errors":[{"code":7003,"message":"no route"}]}'
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()
        AccessHandler.last_byte = time.monotonic()


class AccessApi:
    """The account behind a loopback server in this process."""

    def __init__(self, account):
        AccessHandler.account = account
        self.server = Server(("127.0.0.1", 0), AccessHandler)
        self.base = f"http://127.0.0.1:{self.server.server_port}/client/v4"
        self.route = f"{self.base}/accounts/{ACCOUNT}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()

    def last_byte(self):
        return AccessHandler.last_byte
