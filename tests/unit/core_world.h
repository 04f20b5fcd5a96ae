/* A world of one node for the core's unit tests: a core, a kernel that obeys at once, a peer that says what the test wants,
 * and a clock that moves from one wake to the next. What a test does not touch goes well; each knob makes one thing
 * fail. */
#ifndef TESTS_UNIT_CORE_WORLD_H
#define TESTS_UNIT_CORE_WORLD_H

#include "hamon/core/core.h"
#include "hamon/core/state.h"

enum { WORLD_LOG = 4096, WORLD_QUEUE = 64, WORLD_BOOT = 100, WORLD_PEER_BOOT = 50, WORLD_MARK = 10, WORLD_RESERVE = 1000 };

struct world {
	/* set before world_boot() */
	struct core_config config;
	struct core_memory memory;

	struct core core;
	mono_t now;

	/* the kernel */
	uint32_t mute; /* bits of enum action_type: carried out, but the answer is left to the test */
	int permit_error, drop_error, add_error, remove_error, announce_error, reserve_error;
	enum sent plain, renew, grant; /* how sending each mark ends */
	uint16_t answering;            /* test IPs that answer at once */
	bool holder, stranger;     /* who answers, for the first of the shared IPs, when the wire is asked who bears them */
	uint32_t failing, hanging; /* bits of enum run: commands that fail, and that do not end */

	/* the peer: `says` but for boot, sequence and echo goes out every h while it is `on` */
	struct heartbeat says;
	bool on, echoing;
	uint64_t peer_seq;
	mono_t peer_at;

	/* what came out since world_forget() */
	struct action log[WORLD_LOG];
	size_t log_n;
	struct heartbeat said; /* the newest heartbeat */

	struct event queue[WORLD_QUEUE];
	size_t queue_n;
	struct core_status status;
};

/* `within` 500 ms on a virtual machine with 250 ticks a second: parity 0, two shared IPs, one test IP, two links. */
void world_init(struct world *world);
/* Makes the core from config and memory. */
void world_boot(struct world *world);

/* ---- time ---- */
span_t world_h(const struct world *world);
const struct timers *world_timers(const struct world *world);
/* Wakes whenever the core or the peer wants it, for this long. */
void world_pass(struct world *world, span_t length);
/* The same for minutes: what comes out is forgotten as it comes, but for the last second's. */
void world_pass_long(struct world *world, span_t length);
/* One wake, now. */
void world_wake(struct world *world);
/* The node stands still for this long, then wakes. */
void world_freeze(struct world *world, span_t length);

/* ---- events ---- */
void world_event(struct world *world, const struct event *event);
void world_done(struct world *world, enum event_type type, int error);
void world_verb(struct world *world, enum verb verb, bool force, bool dry_run);
void world_pause(struct world *world, span_t length);
void world_resolve(struct world *world, enum keep keep);
/* The newest command of this kind that was asked for ended. */
void world_ran(struct world *world, enum run run, bool ok);
void world_health(struct world *world, bool ok);
/* EV_HOLDER or EV_STRANGER, of the first shared IP, just now. */
void world_claimed(struct world *world, enum event_type type);
void world_carrier(struct world *world, bool up);
void world_stop(struct world *world);
void world_reload(struct world *world);
/* One heartbeat of the peer, as world->says, echoing our newest one (if echoing); on link 0. */
void world_hear(struct world *world);
/* Exactly this one. */
void world_hear_frame(struct world *world, const struct heartbeat *hb, mono_t rx, unsigned link);

/* ---- what came out ---- */
void world_forget(struct world *world);
size_t world_count(const struct world *world, enum action_type type);
size_t world_notes(const struct world *world, enum note_type type);
/* Commands of this kind that were asked for. */
size_t world_runs(const struct world *world, enum run run);
/* The newest of its type; NULL: none. */
const struct action *world_last(const struct world *world, enum action_type type);
const struct note *world_note(const struct world *world, enum note_type type);
/* The newest answer to a verb; OUTCOME__COUNT: none. */
enum outcome world_outcome(const struct world *world);
const struct core_status *world_status(struct world *world);
/* The facts that a takeover by silence asks for and that do not hold now: bits of 1 << enum fact. */
uint32_t world_missing_automatic(const struct world *world);

/* ---- where a test begins ---- */
/* Booted; the peer is on, echoes, holds under its own epoch: we are backup. */
void world_backup(struct world *world);
/* Booted; the peer is on, echoes, holds nothing: we claimed by consent and serve. */
void world_primary(struct world *world);

/* Asserts the state by name. */
void world_expect(struct world *world, enum state state);

#endif
