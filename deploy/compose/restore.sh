#!/bin/sh
# A backup becomes the compose file's database: deploy/compose/restore.sh FILE
# What was there before stays in PostgreSQL under another name; a backup that cannot be read in
# whole changes nothing. The services stop during the restore, and start again even if it fails.
set -eu
file=${1:?which file?}
[ -r "$file" ] || { echo "cannot read $file" >&2; exit 1; }
stamp=$(date -u +%Y%m%dt%H%M%S)
new=punctual_restored_$stamp old=punctual_before_$stamp

sql() { docker compose exec -T postgres psql -U punctual -d postgres -qX -v ON_ERROR_STOP=1 -c "$1"; }

services=$(docker compose ps --services --status running | grep -vxE 'postgres|redis|proxy' || true)
docker compose up --detach --wait --no-deps postgres
# shellcheck disable=SC2086 - names of services, one word each
[ -z "$services" ] || { docker compose stop $services; trap 'docker compose start $services' EXIT; }

fail() {
    left=
    sql "DROP DATABASE IF EXISTS $new" || left=", but its copy $new may be left: drop it"
    echo "not restored: $1: nothing was changed$left" >&2
    exit 1
}

sql "CREATE DATABASE $new TEMPLATE template0" || fail "PostgreSQL makes no new database"
docker compose exec -T postgres pg_restore -U punctual --single-transaction --exit-on-error \
    --no-owner --no-privileges -d "$new" <"$file" || fail "$file cannot be read in whole"
revision=$(docker compose exec -T postgres psql -U punctual -d "$new" -qAtX \
    -c 'SELECT version_num FROM alembic_version') || fail "$file is no backup of Punctual"
case $revision in [0-9][0-9][0-9][0-9]|0001_first)
    fail "$file was made by a development version before 0.1.0 (migration $revision),\
 which no release can use or convert"
esac
# No fence is given out twice: each is raised above those of after the backup.
docker compose exec -T postgres psql -U punctual -d "$new" -qX -v ON_ERROR_STOP=1 -c "
UPDATE runs
SET fence = greatest(fence + 1, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)
WHERE state IN ('scheduled', 'queued', 'claimed', 'running')
" || fail "the fences of its runs cannot be raised"
# Two statements of one -c are one transaction.
sql "ALTER DATABASE punctual RENAME TO $old; ALTER DATABASE $new RENAME TO punctual" ||
    fail "the databases cannot be renamed"
docker compose run --rm --no-deps migrate || {
    sql "ALTER DATABASE punctual RENAME TO $new; ALTER DATABASE $old RENAME TO punctual"
    fail "its tables cannot be brought to this release's"
}
echo "restored $file; the database before it is kept as $old"
