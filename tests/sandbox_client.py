from tests.support.sandbox_client import *  # noqa: F403  until every test imports tests.support
