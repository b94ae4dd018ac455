from tests.support.contract import *  # noqa: F403  until every test imports tests.support
