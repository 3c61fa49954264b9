"""Serves the S3 API of OpenStack Swift on loopback, all of it in one process: proxy, accounts, containers and objects.

    python3 object-store.py FOLDER PORT BUCKET [SECONDS]

It checks signatures of version 4, regions and clocks as a store in production does. Its region is "cn-north-1". Of its users
"test:builder" may do all, "test:reader" may list and read the bucket, and "test:stranger" may nothing; "the-right-password" is
the secret of each. SECONDS is by how much its clock is ahead.
"""
import os
import sys
import time
from array import array

folder, port, bucket = sys.argv[1], int(sys.argv[2]), sys.argv[3]
ahead = float(sys.argv[4]) if len(sys.argv) > 4 else 0
right = time.time
time.time = lambda: right() + ahead

import eventlet  # noqa: E402: after the clock

eventlet.patcher.monkey_patch(all=False, socket=True, select=True, thread=True)

from eventlet import wsgi  # noqa: E402
from paste.deploy import loadapp  # noqa: E402
from swift.common import utils  # noqa: E402
from swift.common.http_protocol import SwiftHttpProtocol  # noqa: E402
from swift.common.ring import RingData  # noqa: E402
from swift.common.swob import Request  # noqa: E402
from swift.common.wsgi import loadapp as load_proxy  # noqa: E402

BACKEND = """[DEFAULT]
swift_dir = {folder}
devices = {folder}
mount_check = false
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
"""

PROXY = """[DEFAULT]
swift_dir = {folder}
[pipeline:main]
pipeline = catch_errors gatekeeper cache listing_formats s3api tempauth proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:9
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:s3api]
use = egg:swift#s3api
location = cn-north-1
[filter:tempauth]
use = egg:swift#tempauth
user_test_builder = the-right-password .admin
user_test_reader = the-right-password
user_test_stranger = the-right-password
"""


class Silence:
    """Where the access log goes."""

    def write(self, _):
        pass


def configured(name, text):
    """The path of a configuration file with this text."""
    path = os.path.join(folder, name)
    with open(path, "w") as file:
        file.write(text)
    return path


def backend(kind):
    """Serves one of the three kinds on a port of its own, and tells the proxy where."""
    listener = eventlet.listen(("127.0.0.1", 0))
    at = listener.getsockname()[1]
    device = {"id": 0, "region": 1, "zone": 0, "weight": 1, "device": "disk", "ip": "127.0.0.1", "port": at, "replication_ip": "127.0.0.1", "replication_port": at}
    RingData([array("H", [0, 0])], [device], 31).save(os.path.join(folder, kind + ".ring.gz"))
    app = loadapp("config:" + configured(kind + ".conf", BACKEND.format(folder=folder, kind=kind)))
    eventlet.spawn(wsgi.server, listener, app, Silence(), protocol=SwiftHttpProtocol, debug=False)


os.makedirs(os.path.join(folder, "disk"))
utils.HASH_PATH_PREFIX = utils.HASH_PATH_SUFFIX = b"test"
for kind in ("account", "container", "object"):
    backend(kind)

proxy = load_proxy(configured("proxy.conf", PROXY.format(folder=folder)))
make = Request.blank(
    "/v1/AUTH_test/" + bucket,
    environ={"REQUEST_METHOD": "PUT", "swift.authorize_override": True, "swift_owner": True},
    headers={"X-Container-Read": "test:reader"},
)
made = make.get_response(proxy)
if made.status_int // 100 != 2:
    sys.exit("The bucket could not be made: " + made.status)

wsgi.server(eventlet.listen(("127.0.0.1", port)), proxy, Silence(), protocol=SwiftHttpProtocol, debug=False)
