import os
from functools import wraps

import jwt
from flask import abort, request


def signed_in(view):
    @wraps(view)
    def checked(*args, **kwargs):
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            jwt.decode(token, os.environ.get("SECRET", "only for development, not for anything else"), algorithms=["HS256"])
        except jwt.PyJWTError:
            abort(401)
        return view(*args, **kwargs)

    return checked
