/* The kernel lease and its heartbeats: see guard.h. The thread sends as long as the process lives, with the mark that it
 * is told; netlink is the main thread's. */
#include "tests/bench/guard.h"

#include <assert.h>
#include <errno.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "hamon/core/timers.h"
#include "hamon/kernel_tick.h"
#include "hamon/peerlink/peerlink.h"
#include "hamon/wire/heartbeat.h"
#include "netlink/lease.h"
#include "tests/lab/clock.h"
#include "tests/lab/shell.h"

enum { TAG = 0x62656e63, PRIORITY = 40 };

/* To set the lease again and again where the machine freezes for longer than a permit lasts. */
#define PATIENCE (10 * NANOS_SEC)

struct guard {
	struct timers timers;
	struct lease *lease;
	struct lease_plan plan;
	struct peerlink link;
	_Atomic int mark;     /* of the thread's heartbeats: MARK_PLAIN, MARK_RENEW */
	_Atomic bool refused; /* one of them was */
};

static int send_heartbeat(struct guard *guard, uint64_t seq, enum heartbeat_mark mark) {
	uint8_t bytes[HEARTBEAT_LEN];
	struct heartbeat heartbeat = {
		.mark = mark,
		.cluster = TAG,
		.boot = 1,
		.seq = seq,
		.seen = 2,
		.lease = mark == MARK_RENEW,
		.cover_us = (uint32_t)(guard->timers.cover / USEC),
		.interval_us = (uint32_t)(guard->timers.heartbeat / USEC),
	};
	heartbeat_pack(&heartbeat, bytes); /* the kernel's rules do not look at the MAC, and nobody else listens */
	return peerlink_send(&guard->link, bytes, sizeof(bytes));
}

static void *beat(void *arg) {
	struct guard *guard = arg;
	nanos due = clock_now();
	for (uint64_t seq = 1;; seq++) {
		if (send_heartbeat(guard, seq, (enum heartbeat_mark)atomic_load(&guard->mark)) != 0)
			atomic_store(&guard->refused, true);
		due += guard->timers.heartbeat;
		clock_sleep_until(due);
		/* As the daemon does: after a stall no volley of those that were missed. */
		if (clock_now() - due > guard->timers.heartbeat)
			due = clock_now();
	}
	return NULL;
}

/* Real-time as the monitor is, or the traffic would starve it. */
static void start(struct guard *guard) {
	pthread_attr_t attr;
	struct sched_param param = {.sched_priority = PRIORITY};
	pthread_attr_init(&attr);
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attr, SCHED_FIFO);
	pthread_attr_setschedparam(&attr, &param);
	pthread_t thread;
	int error = pthread_create(&thread, &attr, beat, guard);
	if (error)
		shell_die("no real-time thread for the heartbeats: %s", strerror(error));
	pthread_detach(thread);
	pthread_attr_destroy(&attr);
}

struct guard *guard_open(const char *interface, span_t within) {
	struct guard *guard = calloc(1, sizeof(*guard));
	if (!guard)
		shell_die("out of memory");
	struct timers_ask ask = {
		.within = within,
		.tick = kernel_tick(),
		.jiffies_lag = kernel_jiffies_lag(-1),
		.addresses = 1,
	};
	if (timers_derive(&ask, &guard->timers))
		shell_die("no timers keep failover within %.0f ms here", clock_ms(within));
	guard->plan.length = guard->timers.lease;
	guard->plan.udp_port = CONF_PORT; /* with a link over UDP there are more rules in the way */
	guard->plan.interfaces_n = 1;
	shell_print(guard->plan.interfaces[0], IF_NAMESIZE, "%s", interface);
	guard->lease = lease_open(TAG);
	if (!guard->lease)
		shell_die("no netlink socket of nf_tables: %s", strerror(errno));
	static const uint8_t mac[ETH_ALEN] = {0x02, 0, 0, 0, 0, 1}; /* the peer hears nothing of it */
	int rc = peerlink_open_ethernet(&guard->link);
	if (rc == 0)
		rc = peerlink_bind(&guard->link, (int)if_nametoindex(interface), mac);
	if (rc)
		shell_die("no heartbeat link on %s: %s", interface, strerror(-rc));
	start(guard);
	return guard;
}

void guard_addresses(struct guard *guard, const struct ip_address *addresses, unsigned n) {
	assert(n > 0 && n <= CORE_IPS);
	memcpy(guard->plan.addresses, addresses, n * sizeof(*addresses));
	guard->plan.addresses_n = n;
}

static void build(struct guard *guard) {
	struct lease_refusal why = {0};
	int rc = lease_build(guard->lease, &guard->plan, &why);
	if (rc)
		shell_die("the kernel refused %s: %s", why.what, strerror(-rc));
}

/* Permit, then at once a heartbeat with the grant mark, as in a claim. Again, if the machine froze between. */
static void grant(struct guard *guard) {
	static uint64_t grants;
	for (nanos deadline = clock_now() + PATIENCE; clock_now() < deadline;) {
		int rc = lease_permit(guard->lease, guard->timers.permit);
		if (rc)
			shell_die("the kernel refused the permit: %s", strerror(-rc));
		atomic_store(&guard->refused, false);
		if (send_heartbeat(guard, ++grants, MARK_GRANT) != 0)
			continue;
		atomic_store(&guard->mark, MARK_RENEW);
		if (guard_held(guard))
			return;
		atomic_store(&guard->mark, MARK_PLAIN);
	}
	shell_die("no heartbeat sets the lease");
}

void guard_set(struct guard *guard, enum guard_state state) {
	atomic_store(&guard->mark, MARK_PLAIN);
	int rc = lease_remove(guard->lease);
	if (rc)
		shell_die("the table cannot be removed: %s", strerror(-rc));
	switch (state) {
	case GUARD_ABSENT:
		break;
	case GUARD_SHUT:
		build(guard);
		break;
	case GUARD_OPEN:
		build(guard);
		grant(guard);
		break;
	}
}

bool guard_held(struct guard *guard) {
	span_t left;
	return !atomic_load(&guard->refused) && lease_left(guard->lease, &left) == 0;
}
