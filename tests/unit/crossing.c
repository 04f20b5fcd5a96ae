/* See crossing.h. */
#include "tests/unit/crossing.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

static const span_t patience = 20 * SEC; /* for what takes a moment; machines freeze */
enum { AGAIN_MS = 10, AT_MARK = 3 };

mono_t crossing_now(clockid_t id) {
	struct timespec t;
	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * SEC + t.tv_nsec;
}

void crossing_fill(uint8_t *heartbeat, uint8_t number) {
	for (size_t i = 0; i < HEARTBEAT_LEN; i++)
		heartbeat[i] = (uint8_t)(number + i);
	heartbeat[0] = HEARTBEAT_MAGIC >> 8;
	heartbeat[1] = HEARTBEAT_MAGIC & 0xff;
	heartbeat[AT_MARK] = MARK_PLAIN;
}

bool crossing_drain(struct peerlink *link, const uint8_t *heartbeat, struct peerlink_frame *frame) {
	int error;
	while ((error = peerlink_receive(link, frame)) == 0)
		if (frame->len == HEARTBEAT_LEN && memcmp(frame->bytes, heartbeat, HEARTBEAT_LEN) == 0)
			return true;
	cr_assert_eq(error, -EAGAIN, "receive: %s", strerror(-error));
	return false;
}

void crossing_await(const struct peerlink *link) {
	struct pollfd ready = {.fd = link->fd, .events = POLLIN};
	cr_assert_eq(poll(&ready, 1, (int)(patience / MSEC)), 1, "nothing arrived");
}

void crossing_works(struct peerlink *from, struct peerlink *to, uint8_t number) {
	uint8_t heartbeat[HEARTBEAT_LEN];
	struct peerlink_frame frame;
	crossing_fill(heartbeat, number);
	mono_t deadline = crossing_now(CLOCK_MONOTONIC) + patience;
	while (crossing_now(CLOCK_MONOTONIC) < deadline) {
		(void)peerlink_send(from, heartbeat, sizeof(heartbeat)); /* may fail until the cable is up */
		struct pollfd ready = {.fd = to->fd, .events = POLLIN};
		(void)poll(&ready, 1, AGAIN_MS);
		if (crossing_drain(to, heartbeat, &frame))
			return;
	}
	cr_assert_fail("nothing arrived");
}

void crossing_silent(struct peerlink *link) {
	struct peerlink_frame frame;
	cr_assert_eq(peerlink_receive(link, &frame), -EAGAIN);
}
