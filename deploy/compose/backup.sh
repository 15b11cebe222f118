#!/bin/sh
# The compose file's database into a file, while everything runs: deploy/compose/backup.sh [FILE]
# Guard it like the database; the volume `secrets` is not in it, and the backup needs none of it.
set -eu
umask 077
file=${1:-punctual-$(date -u +%Y%m%dT%H%M%SZ).dump}
trap 'rm -f "$file.partial"' EXIT
docker compose exec -T postgres \
    pg_dump -U punctual --format=custom --no-owner --no-privileges punctual >"$file.partial"
docker compose exec -T postgres pg_restore --list <"$file.partial" >/dev/null
mv "$file.partial" "$file"
echo "$file"
