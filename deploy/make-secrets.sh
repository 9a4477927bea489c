#!/bin/sh
# Makes what compose.yaml calls secrets, each a file of deploy/secrets/, unless it is there.
# Reads the system's randomness. Never overwrites a secret, and never prints one.
#
# The folder is its owner's alone; its files can be read by all, since in their containers they are
# read by users of other numbers.
set -eu
umask 077
folder="$(dirname "$0")/secrets"
mkdir -p "$folder"
chmod 700 "$folder"
cd "$folder"

random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

keep() {  # NAME: write standard input there
  if [ -e "$1" ]; then cat > /dev/null; else cat > "$1.new" && chmod 644 "$1.new" && mv "$1.new" "$1"; fi
}

random | keep postgres_password
random | keep mlflow_key
printf 'assay:%s' "$(random)" | keep prefect_credential
password="$(random)"
# Both hold MLflow's password: a pair is made, or none.
if [ ! -e mlflow_login ] || [ ! -e mlflow_credentials ]; then
  rm -f mlflow_login mlflow_credentials
  keep mlflow_login <<END
[mlflow]
default_permission = READ
database_uri = postgresql+psycopg://assay@postgres/mlflow_login
admin_username = admin
admin_password = $password
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
END
  keep mlflow_credentials <<END
[mlflow]
mlflow_tracking_username = admin
mlflow_tracking_password = $password
END
fi
