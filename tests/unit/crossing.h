/* Heartbeats that cross from one link to another, for the tests of every transport. */
#ifndef HAMON_TESTS_UNIT_CROSSING_H
#define HAMON_TESTS_UNIT_CROSSING_H

#include "hamon/mono.h"
#include "hamon/peerlink/peerlink.h"

mono_t crossing_now(clockid_t id);

/* A heartbeat for a link to carry, told apart by its number: HEARTBEAT_LEN bytes, plain. */
void crossing_fill(uint8_t *heartbeat, uint8_t number);

/* Receives until that heartbeat comes (true, *frame is it) or nothing is left. */
bool crossing_drain(struct peerlink *link, const uint8_t *heartbeat, struct peerlink_frame *frame);

/* Waits until the loop's descriptor is ready. */
void crossing_await(const struct peerlink *link);

/* Sends the heartbeat of this number again and again until it arrives: a fresh cable takes a moment to carry. */
void crossing_works(struct peerlink *from, struct peerlink *to, uint8_t number);

void crossing_silent(struct peerlink *link);

#endif
