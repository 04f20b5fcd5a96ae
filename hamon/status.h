/* What the monitor knows, as JSON (schema 1): one builder for `hamon status`, the exports and the checks. It only ever
 * grows within a schema. */
#ifndef HAMON_STATUS_H
#define HAMON_STATUS_H

#include <json-c/json.h>

#include "hamon/conf/conf.h"
#include "hamon/core/core.h"

/* What was counted of one test IP. */
struct status_test {
	span_t rtt, rtt_average, rtt_most; /* round trips: of the newest answer, and of the newest hundred; -1: none */
	uint64_t asked, answered;          /* requests in all; of them answered in time to be fresh */
	unsigned loss;                     /* per cent of the newest hundred that were not */
	bool too_slow;                     /* answers come, and are never fresh: `within` is too short for it */
	bool own;                          /* an address of this node: never asked, counts as not answering */
};

/* The newest claim of a shared IP by a host that is neither node. */
struct status_stranger {
	mono_t at; /* MONO_NEVER: there was none, and the rest is not looked at */
	const char *ip, *mac, *interface;
	uint64_t count;
};

/* Everything that a status is built from; node.c fills it. */
struct status_view {
	mono_t now;
	int64_t real_ns; /* wall clock at `now`, for people */
	const struct conf *conf;
	const struct timers *timers;
	const struct core_status *core;
	const struct core_facts *facts;
	const int *slot_of;             /* [conf->ips_n]: the slot of each shared IP; -1: it waits for one */
	const struct ip_set *held;      /* slots of the shared IPs that are on their interface */
	const bool *disabled;           /* [CORE_IPS], by slot: switched off on this node */
	const struct ip_address *tests; /* [CORE_TESTS], by slot: as configured, or the gateway that was found */
	const struct status_test *test; /* [CORE_TESTS], by slot */
	const bool *silent;             /* [CORE_LINKS]: it is up, and brings nothing of a peer that is heard */
	const char *holder_ip;          /* the shared IP that was answered for at core->holder_at; NULL: it is not known */
	struct status_stranger stranger;
	bool tests_are_gateway;    /* no test IP was configured, the default gateway stands in */
	const uint64_t *rejected;  /* [REJECT__COUNT] */
	mono_t wrong_key_at;       /* newest frame of this cluster that did not verify; MONO_NEVER */
	mono_t twin_at;            /* newest frame of another node under our name; MONO_NEVER */
	uint64_t stamps_discarded; /* kernel receive times that could not be */
	uint64_t notes_dropped, sends_failed;
	bool realtime, locked;   /* SCHED_FIFO and mlockall were granted */
	bool lease_in_kernel;    /* false: it is off, and all there is is the monitor's own estimate */
	const char *lease_table; /* the nftables table that holds it; NULL when it is off */
	bool lease_unguarded;    /* there should be a table, and the kernel refuses to make it */
	uint64_t lease_changes;  /* how often others changed or removed the table */
	mono_t lease_changed_at; /* the newest of them, and what it was; not looked at where there was none */
	const char *lease_change;
	uint64_t generation; /* of the configuration */
	const char *waits;   /* the settings of its file that need a restart, with commas in between; empty: none */
	int pid;
	mono_t started;
};

/* What this node knows of the peer, in a word; unheard whatever it said before. */
enum status_peer_state { PEER_UNHEARD, PEER_PRIMARY, PEER_LEAVING, PEER_DEAF, PEER_BACKUP, PEER__COUNT };
const char *status_peer_state_name(enum status_peer_state peer);
/* unheard: so long after its newest heartbeat. */
enum status_peer_state status_peer_state(const struct core_status *core, mono_t now, span_t unheard);

/* Names of this node and of the peer. */
const char *status_node_name(const struct status_view *view);
const char *status_peer_name(const struct status_view *view);
/* Is the peer heard? */
bool status_heard(const struct status_view *view);
/* Silent, and yet somebody answers for a shared IP: the kernel lets nobody do so without a lease. */
bool status_peer_lives(const struct status_view *view);
/* A primary bears a freeze of so much without losing its lease. */
span_t status_bearable(const struct status_view *view);

/* The caller puts it. NULL when memory ran out. */
struct json_object *status_json(const struct status_view *view);

#endif
