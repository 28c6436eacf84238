#!/usr/bin/env bash
# Records web-crawl.log.zst: the access log of a real nginx that serves the
# documentation packages of Debian to real wget crawlers on the loopback.
#
#   web-crawl.sh [output.log.zst]
#
# Nothing here invents a request. Popularity comes from the hyperlinks of the
# pages: each wget run starts at one page, takes it, every page of the same
# site that it links to, and their images, style sheets and scripts.
set -euo pipefail
export LC_ALL=C TZ=UTC

out=${1:-web-crawl.log.zst}
clients=${CLIENTS:-12}        # crawlers at the same time, 127.0.0.2 and up
java_step=${JAVA_STEP:-2}     # start at every n-th page of the Java site (10,000 pages)
port=${PORT:-8571}

PATH=$PATH:/usr/sbin
need() { command -v "$1" >/dev/null || { echo "missing: $1. Try: apt-get install $2" >&2; exit 1; }; }
need nginx nginx-light
need wget wget
need zstd zstd

# site name in the URL, folder of the Debian package, name of the package
sites="python     /usr/share/doc/python3.11/html               python3.11-doc
postgresql /usr/share/doc/postgresql-doc-15/html        postgresql-doc-15
sqlite     /usr/share/doc/sqlite3                       sqlite3-doc
java       /usr/share/doc/openjdk-17-jre-headless/api   openjdk-17-doc"

# Links that no crawl follows; the reason is below, at wget.
skip='/index-files/|/genindex|allclasses-index|overview-tree|constant-values|package-use|/class-use/(Object|String|Override|IOException)[.]html'

work=$(mktemp -d)
chmod 755 "$work"             # nginx workers run as nobody
nginx_pid=
cleanup() { [ -z "$nginx_pid" ] || kill "$nginx_pid" 2>/dev/null || true; rm -rf "$work"; }
trap cleanup EXIT
mkdir "$work/www" "$work/tmp" "$work/get"

# The document root, and the site map: all pages in the order of their paths.
while read -r name dir package; do
  [ -e "$dir/index.html" ] || { echo "missing: $dir. Try: apt-get install $package" >&2; exit 1; }
  ln -s "$dir" "$work/www/$name"
  step=1; [ "$name" != java ] || step=$java_step
  (cd "$work/www" && find -L "$name" -name '*.html' | sort | awk -v n="$step" 'NR % n == 1 || n == 1')
done <<<"$sites" >"$work/map"

# The standard combined format. The two fields in quotes at the end are fixed:
# wget would send the page it came from, which doubles the size of the log.
cat >"$work/nginx.conf" <<CONF
worker_processes 1;
daemon off;
pid $work/nginx.pid;
error_log /dev/null crit;
events { worker_connections 256; }
http {
  include /etc/nginx/mime.types;
  log_format plain '\$remote_addr - - [\$time_local] "\$request" \$status \$body_bytes_sent "-" "\$http_user_agent"';
  access_log $work/access.log plain;
  client_body_temp_path $work/tmp; proxy_temp_path $work/tmp;
  fastcgi_temp_path $work/tmp; uwsgi_temp_path $work/tmp; scgi_temp_path $work/tmp;
  keepalive_requests 100000;
  server { listen 127.0.0.1:$port; root $work/www; absolute_redirect off; }
}
CONF
nginx -p "$work" -c "$work/nginx.conf" 2>/dev/null &
nginx_pid=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do [ -s "$work/nginx.pid" ] && break; sleep 0.2; done

# One crawler. It takes every n-th page of the site map, and it begins at its
# own place of the map, so that at any time the crawlers are on several sites.
crawl() {
  local k=$1 dir="$work/get/$1"
  mkdir "$dir"
  awk -v k="$k" -v n="$clients" '(NR - 1) % n == k { a[++m] = $0 }
    END { s = int(m * k / n); for (i = 0; i < m; i++) print a[(s + i) % m + 1] }' "$work/map" |
  while read -r page; do
    # -I: a crawl stays inside the site that it began on. The regular
    # expression leaves out the indexes of whole sites (thousands of links to
    # a page): wget needs seconds of CPU for each, in every run that meets it.
    nice wget -q -r -l1 -p --reject-regex "$skip" --delete-after -P "$dir" -I "/${page%%/*}" \
      -U crawler/1 --bind-address="127.0.0.$((k + 2))" \
      "http://127.0.0.1:$port/$page" </dev/null || true   # 8: a dead link, fine
    rm -rf "$dir"; mkdir "$dir"
  done
}
pids=()
for ((k = 0; k < clients; k++)); do crawl "$k" & pids+=($!); done
wait "${pids[@]}"
kill -QUIT "$nginx_pid"; wait "$nginx_pid" || true; nginx_pid=

wc -l <"$work/access.log" >&2
zstd -q -f -19 --long=27 "$work/access.log" -o "$out"
