/* The judge. It sees what the world sees (frames as they left, leases and addresses in the modelled kernels, what was handed
 * to the daemons) and shares no code with the core. Only for "both agree" does it ask the nodes what they believe. */
#ifndef SIM_CHECKER_H
#define SIM_CHECKER_H

#include <stdbool.h>
#include <stdint.h>

#include "hamon/core/core.h"
#include "tests/sim/tally.h"

enum { CHECKER_NODES = 2 };

struct checker_node {
	struct timers timers;
	enum lease_mode mode;
	uint64_t known;     /* the highest epoch that this node sent, or was told by a frame that is not old */
	uint64_t granted;   /* its own newest epoch */
	uint64_t boot, seq; /* of the newest frame handed to it */
	mono_t booted, core_time;
	mono_t heard;    /* receive time of the newest frame handed to it that was not deaf */
	mono_t answered; /* sending time of the newest answered test request */
	bool emits;
	mono_t announced, emitted; /* true times: the last announcement; the last time it was found emitting */
	mono_t since;              /* of the state it showed when quiet began */
};

struct checker {
	struct checker_node node[CHECKER_NODES];
	struct tally *tally;
	int holder;      /* who emitted last; -1: nobody yet */
	mono_t unserved; /* since when nobody serves though somebody could; MONO_FAR: it is served */
	bool waived;     /* P1 is not promised now, nor P4 where an operator forces it */
	bool quiet;      /* from now on every change is a violation of L3 */
	bool broken;
	enum promise promise;
	char why[200];
};

void checker_init(struct checker *checker, struct tally *tally);

/* The first violation is kept. */
void checker_fail(struct checker *checker, enum promise promise, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A daemon starts; `mark`: what its disk says that no epoch lies above; wiped: its disk knows nothing any more. */
void checker_boot(struct checker *checker, unsigned node, mono_t now, uint64_t mark, bool wiped);

/* What the core was handed. */
void checker_step(struct checker *checker, unsigned node, mono_t now);
void checker_heard(struct checker *checker, unsigned node, const struct heartbeat *hb, mono_t rx);
void checker_answered(struct checker *checker, unsigned node, mono_t sent);

/* A frame left, or its mark was refused. `mark_on_disk`: of the sender, now. */
void checker_sent(struct checker *checker, unsigned node, mono_t now, const struct heartbeat *hb, bool passed,
		  uint64_t mark_on_disk);
void checker_announced(struct checker *checker, unsigned node, mono_t when);

/* After every happening: who emits, and when the last lease of each ran out of itself (true times). */
void checker_emission(struct checker *checker, mono_t when, const bool emits[CHECKER_NODES],
		      const mono_t ran_out[CHECKER_NODES]);

/* L1: is it served, and if not, could somebody have served for `limit`, nothing having happened since `disturbed`? */
void checker_service(struct checker *checker, mono_t when, bool served, bool could, mono_t disturbed, span_t limit);

/* L2, L3: quiet begins, and has lasted until the end. serves: all of the shared IPs. */
void checker_settled(struct checker *checker, const bool serves[CHECKER_NODES],
		     const struct core_status status[CHECKER_NODES]);
void checker_stayed(struct checker *checker, const struct core_status status[CHECKER_NODES]);

#endif
