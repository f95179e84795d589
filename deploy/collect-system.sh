#!/bin/sh
# Copies node, every library it and native modules load, certificates and time zones into a folder that becomes the
# image's root.
set -eu
root=$1
node=$(command -v node)
mkdir -p "$root/etc/ssl/certs" "$root/tmp" "$root/usr/share"
chmod 1777 "$root/tmp"
# Where file_server and msfs keep their store: a new volume takes over whose it is.
mkdir -p "$root/data"
chown 10001:10001 "$root/data"

copy_with_libraries() {
  for file in "$@"; do
    [ -e "$file" ] || continue
    # The path the loader asks for, with the file a link leads to.
    mkdir -p "$root$(dirname "$file")"
    cp -L "$file" "$root$file"
    for library in $(ldd "$file" 2>/dev/null | grep -o '/[^ )]*' || true); do
      [ -e "$root$library" ] || { mkdir -p "$root$(dirname "$library")"; cp -L "$library" "$root$library"; }
    done
  done
}

copy_with_libraries "$node"
# Loaded by name when they are needed: name services, and what modules in C++ are linked against.
for name in libnss_files.so.2 libnss_dns.so.2 libresolv.so.2 libstdc++.so.6 libgcc_s.so.1 libpthread.so.0 libdl.so.2 librt.so.1; do
  copy_with_libraries $(find /lib /usr/lib -name "$name" 2>/dev/null | head -n 1)
done

[ -e /etc/ssl/certs/ca-certificates.crt ] && cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
[ -d /usr/share/zoneinfo ] && cp -R /usr/share/zoneinfo "$root/usr/share/"
echo 'hosts: files dns' > "$root/etc/nsswitch.conf"
echo 'teamtalk:x:10001:10001::/tmp:/sbin/nologin' > "$root/etc/passwd"
echo 'teamtalk:x:10001:' > "$root/etc/group"
