from tests.support.tcp_server import *  # noqa: F403  until every test imports tests.support
