/* Forged heartbeats: see forgery.h. */
#include "tests/netns/forgery.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lab/forger.h"
#include "tests/lab/shell.h"
#include "tests/netns/heartbeats.h"

/* MARK_AT: byte 3 of a heartbeat, docs/PROTOCOL.md. MARK_UNKNOWN: of no meaning, and not plain. */
enum { FRAMES = 256, MARK_AT = ETH_HLEN + 3, MARK_UNKNOWN = 0x80 };

struct frame {
	size_t len;
	uint8_t bytes[PACKET_SNAP];
};

struct forgery {
	struct forger *forger;
	size_t n;
	struct frame frames[FRAMES];
	atomic_bool stop;
	pthread_t thread;
	unsigned long refused, passed;
	int passed_mark, error; /* of one that passed, or was refused for another reason */
};

static void keep(struct forgery *forgery, const struct packet *packet, uint8_t mark) {
	if (forgery->n == FRAMES)
		return;
	struct frame *frame = &forgery->frames[forgery->n++];
	frame->len = packet->len;
	memcpy(frame->bytes, packet->bytes, packet->len);
	frame->bytes[MARK_AT] = mark;
}

static void collect(struct scene *scene, struct forgery *forgery) {
	static const uint8_t marks[] = {MARK_RENEW, MARK_GRANT, MARK_UNKNOWN};
	size_t n;
	unsigned copies = 0;
	struct sniffed *frames = sniff_take(scene->sniff, scene->begin, clock_now(), &n);
	/* The newest first: there is room for so many. */
	for (size_t i = n; i-- > 0;) {
		struct heartbeat hb;
		if (!heartbeats_read(&frames[i], &hb))
			continue;
		if (hb.mark != MARK_PLAIN) {
			keep(forgery, &frames[i].packet, (uint8_t)hb.mark);
			copies++;
		}
		for (size_t k = 0; k < sizeof(marks); k++)
			keep(forgery, &frames[i].packet, marks[k]);
	}
	free(frames);
	scene_check(scene, copies > 0, "no marked heartbeat was seen");
}

static void *forge(void *arg) {
	struct forgery *forgery = arg;
	for (size_t i = 0; !atomic_load(&forgery->stop); i++) {
		const struct frame *frame = &forgery->frames[i % forgery->n];
		int error = forger_send(forgery->forger, frame->bytes, frame->len);
		if (error == -ENOBUFS) {
			forgery->refused++;
		} else {
			forgery->passed++;
			forgery->passed_mark = frame->bytes[MARK_AT];
			forgery->error = error;
		}
		clock_sleep_until(clock_now() + NANOS_MS);
	}
	return NULL;
}

struct forgery *forgery_start(struct scene *scene, enum net_host host) {
	struct forgery *forgery = calloc(1, sizeof(*forgery));
	if (!forgery)
		shell_die("out of memory");
	collect(scene, forgery);
	forgery->forger = forger_start(scene->net.ns[host], PAIR_INTERFACE);
	int error = pthread_create(&forgery->thread, NULL, forge, forgery);
	if (error)
		shell_die("no thread: %s", strerror(error));
	return forgery;
}

void forgery_stop(struct scene *scene, struct forgery *forgery) {
	atomic_store(&forgery->stop, true);
	pthread_join(forgery->thread, NULL);
	forger_stop(forgery->forger);
	printf("%lu forged heartbeats were refused\n", forgery->refused);
	scene_safe(scene, forgery->passed == 0,
		   "%lu of %lu forged heartbeats were not refused; the last of them with mark %d: %s", forgery->passed,
		   forgery->passed + forgery->refused, forgery->passed_mark, strerror(-forgery->error));
	scene_check(scene, forgery->refused > 0, "no heartbeat was forged");
	free(forgery);
}
