"""Names that are computed from what they stand for, so that nothing is stored."""

from itsdangerous import BadData, URLSafeSerializer


class Names:
    def __init__(self, secret: str):
        self._serializer = URLSafeSerializer(secret, salt="links")

    def name(self, address: str) -> str:
        if not address.startswith(("http://", "https://")):
            raise ValueError(f"not an address: {address!r}")
        return self._serializer.dumps(address)

    def address(self, name: str) -> str | None:
        try:
            return self._serializer.loads(name)
        except BadData:
            return None
