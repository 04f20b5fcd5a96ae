/* This node silenced by the supervisor: what an earlier daemon left goes before anything is sent, what a dead or stopped
 * monitor holds goes at once, and nothing stays when the daemon ends. Always first the deed, then the words. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "hamon/kernel_lease.h"
#include "hamon/log.h"
#include "hamon/supervisor/parts.h"
#include "hamon/supervisor/purge.h"

/* For the configuration as it is now: a reload may have switched the lease on or off since the last monitor started. */
static void open_lease(struct supervisor *s) {
	s->lease_off = s->running.conf.lease_off;
	if (!s->lease)
		s->lease = lease_open(auth_cluster_tag(s->running.conf.cluster));
}

/* Can this kernel keep the lease? 0 or -errno, and it was said why. */
static int ask_kernel(const struct supervisor *s) {
	char why[KERNEL_LEASE_WHY];
	int rc = kernel_lease_probe(&s->running.conf, why);
	if (rc < 0) {
		log_say(LOG_ERR, "this kernel cannot keep the lease: it refuses %s", why);
		log_say(LOG_ERR, "%s", KERNEL_LEASE_ADVICE);
	}
	return rc;
}

/* ---- the start ---- */

/* The kernel removes a dead daemon's mark as it closes its files: perhaps after the lock of the state directory, and on a
 * busy machine some 100 ms later. So long that is waited for, looking so often. */
#define OTHER_PATIENCE (3 * SEC)
#define OTHER_POLL     (20 * MSEC)

int supervisor_stand_alone(struct supervisor *s) {
	open_lease(s);
	if (!s->lease)
		return EXIT_OK; /* no nf_tables: judge_lease() says so where it matters */
	mono_t patience = mono_now() + OTHER_PATIENCE;
	int rc;
	while ((rc = lease_occupy(s->lease)) == -EBUSY && mono_now() < patience)
		nanosleep(&(struct timespec){.tv_nsec = OTHER_POLL}, NULL);
	if (rc == -EBUSY) {
		log_say(LOG_ERR,
			"another daemon of cluster %s runs in this network namespace, with other directories or in a "
			"container: stop that one first",
			s->running.conf.cluster);
		return EXIT_FAILED;
	}
	if (rc < 0)
		log_say(LOG_WARNING, "a second daemon of this cluster on this host would go unnoticed: %s", strerror(-rc));
	return EXIT_OK;
}

static void say_leftovers(const struct supervisor *s, const struct purged *purged) {
	char table[32] = "", addresses[32] = "";
	if (purged->table)
		snprintf(table, sizeof(table), "the table %s", lease_table(s->lease));
	if (purged->removed > 0)
		snprintf(addresses, sizeof(addresses), "%u shared IP%s", purged->removed, purged->removed == 1 ? "" : "s");
	if (*table || *addresses)
		log_say(LOG_WARNING, "%s%s%s left by an earlier run removed", table, *table && *addresses ? " and " : "",
			addresses);
}

/* With the lease off it does not matter what nf_tables refuses: it may not even be there. */
static int judge_lease(const struct supervisor *s, int lease_error) {
	if (s->lease_off)
		return EXIT_OK;
	if (ask_kernel(s) < 0)
		return EXIT_FAILED;
	if (!s->lease)
		return supervisor_refuse(EXIT_FAILED, "the kernel cannot be asked about the lease");
	if (lease_error == 0)
		return EXIT_OK;
	log_say(LOG_ERR, "the table %s cannot be removed: %s", lease_table(s->lease), strerror(-lease_error));
	return EXIT_FAILED;
}

int supervisor_clear_leftovers(struct supervisor *s) {
	struct purged purged;
	if (rtnl_init(&s->rtnl) < 0)
		return supervisor_refuse(EXIT_FAILED, "the kernel cannot be asked about addresses");
	open_lease(s);
	purge_all(s->lease, &s->rtnl, &s->addresses, &purged);
	say_leftovers(s, &purged);
	if (purged.error == 0)
		return judge_lease(s, purged.lease_error);
	log_say(LOG_ERR, "shared IPs left by an earlier run cannot be removed: %s", strerror(-purged.error));
	return EXIT_FAILED;
}

/* ---- while it runs, and its end ---- */

static void say_purged(const struct supervisor *s, const struct purged *purged) {
	if (purged->removed > 0)
		log_say(LOG_WARNING, "%u shared IP%s removed from this node's interfaces", purged->removed,
			purged->removed == 1 ? "" : "s");
	if (purged->error < 0)
		log_say(LOG_ERR, "shared IPs may still stand on this node's interfaces: %s", strerror(-purged->error));
	if (purged->lease_error < 0 && !s->lease_off)
		log_say(LOG_ERR, "the lease and its table %s may still stand: %s", lease_table(s->lease),
			strerror(-purged->lease_error));
}

void supervisor_silence(struct supervisor *s) {
	struct purged purged;
	if (s->lease_off && !s->stopping)
		return;
	purge_silence(s->lease, &s->rtnl, &s->addresses, &purged);
	say_purged(s, &purged);
}

/* With the lease off, what the last monitor set still stands; the next one is backup at first, and must not find it. And
 * where a reload switched the lease off, the table must go, which would keep the next one silent for ever. */
void supervisor_make_way(struct supervisor *s) {
	struct purged purged;
	bool was_off = s->lease_off;
	open_lease(s);
	if (!was_off && !s->lease_off)
		return;
	purge_all(s->lease, &s->rtnl, &s->addresses, &purged);
	say_purged(s, &purged);
	if (!s->lease_off)
		ask_kernel(s); /* nothing but words now: a monitor that gets no table stays silent */
}

void supervisor_leave(struct supervisor *s) {
	struct purged purged;
	purge_all(s->lease, &s->rtnl, &s->addresses, &purged);
	say_purged(s, &purged);
}
