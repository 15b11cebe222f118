#!/bin/sh
# Makes each secret once, keeps it in /secrets/kept, and hands to each service, in a folder which is
# a volume of that service alone, what that service needs. Run again, it only hands out again.
set -eu
umask 077

POSTGRES=999
REDIS=999
PUNCTUAL=10001

# secret NAME: the secret of that name, 64 hexadecimal digits made on the first call.
secret() {
    if [ ! -s "/secrets/kept/$1" ]; then
        od -An -v -tx1 -N32 /dev/urandom | tr -d ' \n' >"/secrets/kept/$1.new"
        [ "$(wc -c <"/secrets/kept/$1.new")" -eq 64 ]
        mv "/secrets/kept/$1.new" "/secrets/kept/$1"
    fi
    cat "/secrets/kept/$1"
}

# give USER FOLDER/FILE TEXT: a file that only this user can read, whole from its first instant.
give() {
    printf '%s\n' "$3" >"/secrets/$2.new"
    chmod 0400 "/secrets/$2.new"
    chown "$1:$1" "/secrets/$2.new"
    mv "/secrets/$2.new" "/secrets/$2"
    chmod 0755 "/secrets/${2%/*}"
}

postgres=$(secret postgres-password)
redis=$(secret redis-password)
key=$(secret secret-key)

give $POSTGRES postgres/password "$postgres"
give $REDIS redis/password "$redis"
give $REDIS redis/auth.conf "requirepass $redis"
give $PUNCTUAL migrate/database_url "postgresql://punctual:$postgres@postgres:5432/punctual"
for service in api coordinator worker; do
    # A role of its own in the database, which `migrate` makes.
    password=$(secret $service-role-password)
    give $PUNCTUAL migrate/${service}_role_password "$password"
    give $PUNCTUAL $service/database_url "postgresql://punctual_$service:$password@postgres:5432/punctual"
    give $PUNCTUAL $service/redis_url "redis://:$redis@redis:6379/0"
done
give $PUNCTUAL api/secret_key "$key"
