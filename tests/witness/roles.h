/* The witness's two roles, a process each: neither ever returns. Each is ready when its record's `done` is set. */
#ifndef WITNESS_ROLES_H
#define WITNESS_ROLES_H

#include "tests/witness/record.h"

/* Asks the shared IP, as the client. */
void role_ask(struct record_asked *record) __attribute__((noreturn));

/* Captures on the switch what the nodes emit. */
void role_capture(struct record_captured *record) __attribute__((noreturn));

#endif
