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

# redis_users NAMESPACE: the users of Redis, one a service, each with the keys and commands that it
# needs: the API counts failed logins and requests, the others pass messages on. The default user answers whether
# the server is there. Everything else is refused.
redis_users() {
    work="+@connection +@read +@write -@dangerous +eval +evalsha +script|load +script|exists +time +info"
    messages="~$1 ~$1:* &$1:* $work +keys"
    cat <<END
user default reset on >$(secret redis-password) +ping
user api reset on >$(secret redis-api-password) ~$1-logins:* ~$1-requests:* ~$1:doctor $work
user coordinator reset on >$(secret redis-coordinator-password) $messages +publish
user notifier reset on >$(secret redis-notifier-password) $messages +publish +subscribe +unsubscribe
user worker reset on >$(secret redis-worker-password) $messages +publish +subscribe +unsubscribe
END
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
give $REDIS redis/users.conf "$(redis_users "${PUNCTUAL_NAMESPACE:-punctual}")"
give $PUNCTUAL migrate/database_url "postgresql://punctual:$postgres@postgres:5432/punctual"
for service in api coordinator worker notifier; do
    # A role of its own in the database, which `migrate` makes.
    password=$(secret $service-role-password)
    give $PUNCTUAL migrate/${service}_role_password "$password"
    give $PUNCTUAL $service/database_url "postgresql://punctual_$service:$password@postgres:5432/punctual"
    give $PUNCTUAL $service/redis_url "redis://$service:$(secret redis-$service-password)@redis:6379/0"
done
give $PUNCTUAL api/secret_key "$key"
# The keys of tasks' secrets, which `punctual secrets keygen` has made: only workers and notifiers open them.
private=$(cat /secrets/kept/secrets_private_key)
give $PUNCTUAL api/secrets_public_key "$(cat /secrets/kept/secrets_public_key)"
give $PUNCTUAL worker/secrets_private_key "$private"
give $PUNCTUAL notifier/secrets_private_key "$private"
give $PUNCTUAL rotate/secrets_private_key "$private"
give $PUNCTUAL rotate/database_url "postgresql://punctual:$postgres@postgres:5432/punctual"
