/* The second belt: while the kernel keeps the lease, the shared IPs bear a lifetime besides. How long that is, and which
 * are due to be renewed; ips.c renews them. */
#include "hamon/node/parts.h"

/* An address lives for L, up to the whole second in which the kernel counts, and three seconds more; all are renewed in a
 * round that begins every second, while the lease stands. If nobody runs any more who could put the lease's table back,
 * they go by themselves. Yet none may run out under a node that holds: it may freeze for L, the kernel's rtnl lock may be
 * held for two seconds when network namespaces are torn down (seen), the kernel is up to 20 ms early
 * (ADDRCONF_TIMER_FUZZ_MINUS, include/net/addrconf.h) beside its lag of jiffies, and a round takes its time: some 30 ms for
 * 500 IPv6 addresses. With more than that it would take too much of the processor. */
static const span_t belt_round = SEC;
static const uint32_t belt_spare = 3; /* seconds */
enum { BELT_IPS = 500 };

static uint32_t lifetime(const struct node *node) {
	if (node->conf.lease_off || node->conf.ips_n > BELT_IPS)
		return 0;
	return (uint32_t)((node->core_config.timers.lease + SEC - 1) / SEC) + belt_spare;
}

void node_ips_belt(struct node *node) {
	struct node_ips *ips = &node->ips;
	bool many = !node->conf.lease_off && node->conf.ips_n > BELT_IPS;

	ips->lifetime = lifetime(node);
	if (many && !ips->many)
		node_say(
			node, NOTE_WARNING, 0,
			"more than %d shared IPs: they do not expire by themselves, so if this program were killed and the "
			"lease's table removed they would stay",
			BELT_IPS);
	ips->many = many;
}

void node_ips_belt_begin(struct node *node) {
	if (ip_set_empty(&node->ips.mortal))
		node->ips.renew_at = node->now + belt_round;
}

struct ip_set node_ips_due(struct node *node) {
	static const struct ip_set none;
	struct node_ips *ips = &node->ips;

	if (ips->lifetime == 0)
		return none;
	if (node->now >= ips->renew_at) {
		ips->renew_at = node->now + belt_round;
		ips->to_renew = ips->mortal;
	}
	ips->to_renew = ip_set_both(ips->to_renew, &ips->want);
	ips->to_renew = ip_set_both(ips->to_renew, &ips->mortal);
	if (!node_lease_stands(node))
		ips->to_renew = none;
	return ips->to_renew;
}

mono_t node_ips_deadline(const struct node *node) {
	const struct node_ips *ips = &node->ips;

	return ips->busy || ips->lifetime == 0 || ip_set_empty(&ips->mortal) ? MONO_FAR : ips->renew_at;
}
