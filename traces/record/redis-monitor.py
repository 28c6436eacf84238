#!/usr/bin/python3
"""Records redis-monitor.log.zst: a real Redis as the cache of a real Django
site that wget crawls, seen by `redis-cli MONITOR`.

    redis-monitor.py [output.log.zst]

The site shows the Debian archive: a page for each package, with links to the
packages that it depends on. What is slow to work out is cached: how many
packages a package needs at any depth, how many need it, how large its section
is. The values are short texts. They are recorded as they are.
"""
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from common import compress, debian_packages, names_in, need

REDIS, WEB = 8572, 8573     # ports
CRAWLERS = 4
PER_PAGE = 120              # packages on a page of a section

# The modules are those of Debian, so this runs under /usr/bin/python3.
try:
    import django
    import django_redis  # noqa: F401
except ImportError:
    sys.exit("missing modules. Try: apt-get install python3-django python3-django-redis, "
             "and run this with /usr/bin/python3")
need(**{"redis-server": "redis-server", "redis-cli": "redis-tools", "wget": "wget",
        "zstd": "zstd"})
out = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "redis-monitor.log.zst")
raw = out.removesuffix(".zst")

from django.conf import settings  # noqa: E402
settings.configure(
    SECRET_KEY="not a secret", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__,
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    CACHES={"default": {"BACKEND": "django_redis.cache.RedisCache", "TIMEOUT": 60,
                        "LOCATION": "redis://127.0.0.1:%d/0" % REDIS}})
django.setup()
from django.core.cache import cache  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import Http404, HttpResponse  # noqa: E402
from django.template import engines  # noqa: E402
from django.urls import path  # noqa: E402

size, depends, section_of = {}, {}, {}
needed_by, members = defaultdict(list), defaultdict(list)
for p in debian_packages():
    name = p["Package"]
    size[name] = int(p.get("Installed-Size", 0))
    depends[name] = names_in(p.get("Depends", ""))
    section_of[name] = p.get("Section", "none").replace("/", "-")
    members[section_of[name]].append(name)
for name in depends:
    depends[name] = [d for d in depends[name] if d in size]
    for d in depends[name]:
        needed_by[d].append(name)


def closure(name, edges):
    seen, todo = {name}, [name]
    while todo:
        for d in edges.get(todo.pop(), ()):
            if d not in seen:
                seen.add(d)
                todo.append(d)
    return "%d packages, %d kB" % (len(seen), sum(size[n] for n in seen))


def cached(key, work):
    """The usual pattern: ask the cache; on a miss work it out and store it."""
    value = cache.get(key)
    if value is None:
        value = work()
        cache.set(key, value)
    return value


def needs(name):
    return cached("needs:" + name, lambda: closure(name, depends))


def section_info(s):
    return cached("section:" + s, lambda: "%d packages, %d kB" % (
        len(members[s]), sum(size[n] for n in members[s])))


package_page = engines["django"].from_string("""<h1>{{ name }}</h1><p>needs {{ needs }},
needed by {{ by }}, in <a href="/section/{{ section }}/0">{{ section }}</a> ({{ info }})
<ul>{% for n, i in deps %}<li><a href="/package/{{ n }}">{{ n }}</a> ({{ i }}){% endfor %}</ul>""")
section_page = engines["django"].from_string("""<h1>{{ section }}</h1><p>{{ info }}
<ul>{% for n, i in list %}<li><a href="/package/{{ n }}">{{ n }}</a> ({{ i }}){% endfor %}</ul>
{% if next %}<a href="/section/{{ section }}/{{ next }}">more</a>{% endif %}""")


def show_package(request, name):
    if name not in size:
        raise Http404
    return HttpResponse(package_page.render({
        "name": name, "needs": needs(name), "section": section_of[name],
        "by": cached("by:" + name, lambda: "%d packages" % len(needed_by[name])),
        "info": section_info(section_of[name]),
        "deps": [(d, needs(d)) for d in depends[name]]}))


def show_section(request, name, page):
    chosen = members.get(name, [])[page * PER_PAGE:(page + 1) * PER_PAGE]
    if not chosen:
        raise Http404
    return HttpResponse(section_page.render({
        "section": name, "info": section_info(name), "next": page + 1,
        "list": [(n, needs(n)) for n in chosen]}))


urlpatterns = [path("package/<str:name>", show_package),
               path("section/<str:name>/<int:page>", show_section)]


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 64


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


def crawl(k, folder):
    # Each crawler has its own sections. From the first page of a section it
    # follows the links two deep, as the links lead.
    for s in sorted(members)[k::CRAWLERS]:
        subprocess.run(["nice", "wget", "-q", "-r", "-l2", "-e", "robots=off", "--delete-after",
                        "-P", "%s/%d" % (folder, k), "http://127.0.0.1:%d/section/%s/0" % (WEB, s)],
                       stdin=subprocess.DEVNULL)


def wait_for(port):
    for _ in range(100):
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    sys.exit("nothing listens on port %d" % port)


with tempfile.TemporaryDirectory() as work:
    # A small memory limit, so that Redis has to evict, as a real cache does.
    redis = subprocess.Popen(["redis-server", "--port", str(REDIS), "--bind", "127.0.0.1",
                              "--save", "", "--dir", work, "--maxmemory", "3mb",
                              "--maxmemory-policy", "allkeys-lru"], stdout=subprocess.DEVNULL)
    wait_for(REDIS)
    with open(raw, "w") as log:
        monitor = subprocess.Popen(["redis-cli", "-p", str(REDIS), "monitor"], stdout=log)
        time.sleep(1)
        web = make_server("127.0.0.1", WEB, get_wsgi_application(), Server, Quiet)
        threading.Thread(target=web.serve_forever, daemon=True).start()
        crawlers = [threading.Thread(target=crawl, args=(k, work)) for k in range(CRAWLERS)]
        for c in crawlers:
            c.start()
        for c in crawlers:
            c.join()
        time.sleep(1)
        monitor.terminate()
        monitor.wait()
    redis.terminate()
    redis.wait()

# Keep the commands of the client only: no "OK" line, no start-up chatter.
with open(raw) as f:
    lines = [x for x in f if '] "GET" ' in x or '] "SET" ' in x]
with open(raw, "w") as f:
    f.writelines(lines)
compress(raw)
print(len(lines), "commands", file=sys.stderr)
