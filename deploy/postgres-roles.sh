#!/bin/bash
# Runs once, when the PostgreSQL image makes its cluster: a role and a database for the product, a role for Temporal,
# whose databases its own schema tool makes.
set -euo pipefail

psql --set=ON_ERROR_STOP=1 --set=punctual="$PUNCTUAL_DB_PASSWORD" --set=temporal="$TEMPORAL_DB_PASSWORD" \
  --username=postgres <<'SQL'
create role punctual login password :'punctual';
create database punctual owner punctual;
create role temporal login createdb password :'temporal';
SQL
