#!/bin/sh
# Makes the namespace and the search attributes that operators filter by. Safe to repeat.
# Reads TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE, as the temporal command line does by itself.
set -eu

tries=0
until temporal operator cluster health; do
  tries=$((tries + 1))
  if [ "$tries" -ge 60 ]; then
    echo "Temporal at $TEMPORAL_ADDRESS is not healthy after $tries tries" >&2
    exit 1
  fi
  sleep 2
done

temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" ||
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention 72h

# The same as dev/temporal-attributes.ts; a test compares the two.
temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" \
  --name appointmentStatus --type Keyword \
  --name startsAt --type Datetime \
  --name therapistId --type Keyword \
  --name clientId --type Keyword \
  --name needs --type Keyword
