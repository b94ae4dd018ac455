"""A client of the sandbox for tests: one call is one request, and its status is checked."""

import requests

from sandbox import seed


class Client:
    """Sends requests with the token of some credentials."""

    def __init__(self, address, client_id=seed.CLIENT_ID, secret=seed.SECRET):
        self.address = address
        self.session = requests.Session()
        token = self.token(client_id=client_id, client_secret=secret).json()["access_token"]
        self.session.headers["Authorization"] = f"Bearer {token}"

    def token(self, grant_type="client_credentials", **form):
        url = f"{self.address}/v2/auth/token"
        return requests.post(url, data={"grant_type": grant_type, **form}, timeout=5)

    def __call__(self, method, path, status=200, **sent):
        response = self.session.request(method, f"{self.address}{path}", timeout=5, **sent)
        assert response.status_code == status, response.text
        if status >= 400:
            assert set(response.json()) == {"requestId", "message", "code"}
        return response.json()

    def whole_list(self, path, **query):
        rows, page = [], None
        while True:
            query = {**query, **({"page": page} if page else {})}
            response = self("GET", path, params=query)
            rows += response["entries"]
            page = response["nextPage"]
            if page is None:
                return rows
