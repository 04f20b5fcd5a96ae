/* The kernel lease on the core's behalf: the table stands on the interfaces as they are now, and is put back when somebody
 * touches it; the permit, the drop, and what a refused heartbeat means. With lease = "off" there is none of it: what the
 * core believes is all there is. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hamon/node/parts.h"

/* A table that the kernel refused is tried again after this. */
static const span_t build_again = 100 * MSEC;

/* ---- the table ---- */

/* Once, also when two names of the configuration stand for it. By its own name: hooks know no alternative ones. */
static void plan_interface(struct lease_plan *plan, const char *name) {
	for (unsigned i = 0; i < plan->interfaces_n; i++)
		if (strcmp(plan->interfaces[i], name) == 0)
			return;
	memcpy(plan->interfaces[plan->interfaces_n++], name, IF_NAMESIZE);
}

static uint16_t udp_port(const struct conf *conf) {
	for (unsigned i = 0; i < conf->links_n; i++)
		if (conf->links[i].transport == TRANSPORT_UDP)
			return conf->port;
	return 0;
}

/* The interfaces that are there, and the addresses: the configured ones, those that are still to be removed, and those that
 * the thread may just be adding. */
static void make_plan(const struct node *node, struct lease_plan *plan) {
	memset(plan, 0, sizeof *plan);
	plan->length = node->core_config.timers.lease;
	plan->udp_port = udp_port(&node->conf);
	for (unsigned i = 0; i < node->interfaces_n; i++)
		if (node->interfaces[i].iface.ifindex != 0 && node_interface_used(node, i))
			plan_interface(plan, node->interfaces[i].iface.name);
	for (unsigned i = 0; i < CORE_IPS; i++)
		if (node->ips.slots[i].used || ip_set_has(&node->ips.present, i) || ip_set_has(&node->ips.under_way, i))
			plan->addresses[plan->addresses_n++] = node->ips.slots[i].conf.address;
}

/* Member by member: the structure has holes, and only the counted part of its lists is planned. */
static bool same_plan(const struct lease_plan *a, const struct lease_plan *b) {
	return a->length == b->length && a->udp_port == b->udp_port && a->interfaces_n == b->interfaces_n &&
	       a->addresses_n == b->addresses_n &&
	       memcmp(a->interfaces, b->interfaces, a->interfaces_n * sizeof a->interfaces[0]) == 0 &&
	       memcmp(a->addresses, b->addresses, a->addresses_n * sizeof a->addresses[0]) == 0;
}

static void refused(struct node *node, int error, const struct lease_refusal *why) {
	node->lease.build_at = node->now + build_again;
	if (node->lease.said == error)
		return;
	node->lease.said = error;
	node_say(node, NOTE_ERROR, -error,
		 "the lease's table cannot be made, so this node is silent: the kernel refuses %s", why->what);
}

/* Anew, in one transaction. A lease that stood is gone with the old table, and the core hears of it. */
static int build(struct node *node) {
	struct node_lease *lease = &node->lease;
	struct event lost = {.type = EV_LEASE_LOST};
	struct lease_refusal why;
	int error = lease_build(lease->kernel, &lease->plan, &why);

	node_event(node, &lost);
	lease->stands = error == 0;
	if (error)
		refused(node, error, &why);
	else
		lease->said = 0;
	return error;
}

/* As the interfaces and the shared IPs are now. The lease goes on, if there is one. */
static void bring_up_to_date(struct node *node) {
	static struct lease_plan plan; /* 36 KiB, and one at a time */
	struct node_lease *lease = &node->lease;

	make_plan(node, &plan);
	if (lease->stands && same_plan(&plan, &lease->plan))
		return;
	lease->plan = plan;
	if (!lease->stands || lease_update(lease->kernel, &plan) != 0)
		build(node);
}

void node_lease_review(struct node *node) {
	node->lease.review = true;
}

void node_lease_rebuild(struct node *node) {
	node->lease.stands = false;
	node->lease.build_at = node->now;
}

bool node_lease_in_place(const struct node *node) {
	return !node->lease.kernel || (node->lease.stands && !node->lease.review);
}

bool node_lease_guards(struct node *node) {
	struct node_lease *lease = &node->lease;

	if (!lease->kernel)
		return true;
	if (lease->review || (!lease->stands && node->now >= lease->build_at))
		bring_up_to_date(node);
	lease->review = false;
	return lease->stands;
}

mono_t node_lease_deadline(const struct node *node) {
	return node->lease.kernel && !node->lease.stands ? node->lease.build_at : MONO_FAR;
}

/* ---- what others do to it ---- */

static void say_change(struct node *node, const struct lease_change *change, int error) {
	struct node_lease *lease = &node->lease;
	char who[64] = "";

	lease->changes++;
	lease->changed_at = node->now;
	if (change->program[0] != '\0')
		snprintf(who, sizeof who, ", by %s (process %d)", change->program, change->pid);
	snprintf(lease->change, sizeof lease->change, "%s%s", change->what, who);
	node_say(node, NOTE_LEASE_CHANGED, -error, "%s", lease->change);
}

/* What the notices of one reading come to. */
struct changes {
	unsigned n; /* transactions of others */
	bool lost;  /* some notices were */
	struct lease_change newest;
};

/* Our own supervisor's are no news, though they count: it drops the lease of a monitor that stands still. */
static void changed(void *arg, const struct lease_change *change) {
	struct changes *changes = arg;

	if (change->lost) {
		changes->lost = true;
		return;
	}
	changes->n++;
	if (change->pid != getppid())
		changes->newest = *change;
}

/* Whatever they did, the table is made anew, once: it costs less than to find out whether it still guards. */
static void watch_ready(void *arg, uint32_t events) {
	struct node *node = arg;
	struct changes changes = {0};
	int error = lease_watch_read(node->lease.watch, node->lease.kernel, changed, &changes);

	(void)events;
	if (error && error != -EAGAIN)
		node_say(node, NOTE_ERROR, -error, "the notices of nf_tables could not be read");
	if (changes.n == 0 && (!changes.lost || lease_check(node->lease.kernel) == 0))
		return;
	error = build(node);
	if (changes.newest.what[0] != '\0')
		say_change(node, &changes.newest, error);
}

/* ---- the lease ---- */

/* Where the table is gone, and the notice of that is not read yet, it is made first: no reason not to serve. One that could
 * not be brought up to date is: what it does not name it does not guard. */
static int permit(struct node *node, span_t life) {
	struct node_lease *lease = &node->lease;

	if (!lease->kernel)
		return 0;
	if (!node_lease_in_place(node))
		return -ESTALE;
	int error = lease_permit(lease->kernel, life);
	if (error == -ENOENT && build(node) == 0)
		error = lease_permit(lease->kernel, life);
	return error;
}

void node_lease_permit(struct node *node, span_t life) {
	node_event_done(node, EV_PERMITTED, permit(node, life));
}

void node_lease_drop_permit(struct node *node) {
	if (node->lease.kernel)
		lease_drop_permit(node->lease.kernel); /* or it runs out by itself */
}

/* Once the element is gone no frame leaves, and that is confirmed. Without a table the addresses must go first. */
void node_lease_drop(struct node *node) {
	int error = node->lease.kernel ? lease_drop(node->lease.kernel) : -ENOENT;

	if (error && node->lease.kernel)
		error = build(node);
	if (error)
		node_ips_drop(node);
	else
		node_event_done(node, EV_LEASE_DROPPED, 0);
}

bool node_lease_refused(struct node *node, enum heartbeat_mark mark) {
	span_t left;

	switch (mark) {
	case MARK_PLAIN:
		return false;
	case MARK_RENEW:
		return node->lease.kernel && lease_left(node->lease.kernel, &left) == -ENOENT;
	case MARK_GRANT:
		return node->lease.kernel && lease_permit_left(node->lease.kernel, &left) == -ENOENT;
	}
	return false;
}

/* An element that was set since the decision lives for L from then on, less a tick that is just over and the fraction of a
 * millisecond that the kernel does not tell. One that was set before, and is still that long, was set hardly before. */
enum sent node_lease_renewed(struct node *node) {
	span_t left, slack = node->core_config.timers.tick + MSEC;

	if (!node->lease.kernel)
		return SENT_OUT;
	int error = lease_left(node->lease.kernel, &left);
	if (error)
		return error == -ENOENT ? SENT_REFUSED : SENT_FAILED;
	return left + (mono_now() - node->now) + slack > node->lease.plan.length ? SENT_OUT : SENT_FAILED;
}

bool node_lease_granted(struct node *node) {
	span_t left;

	return !node->lease.kernel || lease_left(node->lease.kernel, &left) == 0;
}

void node_lease_clear(struct node *node) {
	if (node->lease.kernel)
		lease_drop(node->lease.kernel); /* or it runs out by itself */
}

bool node_lease_stands(const struct node *node) {
	return mono_now() < core_lease_until(&node->core);
}

/* ---- setting up ---- */

int node_lease_init(struct node *node) {
	struct node_lease *lease = &node->lease;

	if (node->conf.lease_off)
		return 0;
	lease->kernel = lease_open(node->tag);
	if (!lease->kernel)
		return -errno;
	lease->watch = lease_watch_open();
	if (!lease->watch)
		return -errno;
	lease->review = true;
	return loop_add(&node->loop, lease_watch_fd(lease->watch), EPOLLIN, watch_ready, node);
}

/* The table stays as long as an address does: the supervisor takes both away. */
void node_lease_fini(struct node *node) {
	struct node_lease *lease = &node->lease;

	if (!lease->kernel)
		return;
	if (ip_set_empty(&node->ips.present))
		lease_remove(lease->kernel);
	lease_watch_close(lease->watch);
	lease_close(lease->kernel);
}
