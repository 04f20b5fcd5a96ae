/* The kernel lease: the calls of lease.h. What the table is made of stands in lease_table.c and lease_rules.c. */
#include "netlink/lease.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "hamon/kernel_tick.h"
#include "netlink/lease_parts.h"

static int open_socket(struct lease *lease) {
	struct sockaddr_nl self = {0};
	socklen_t len = sizeof(self);
	lease->netlink.fd = lease_socket(0);
	if (lease->netlink.fd < 0)
		return lease->netlink.fd;
	if (getsockname(lease->netlink.fd, (struct sockaddr *)&self, &len) < 0)
		return -errno;
	lease->port = self.nl_pid;
	return 0;
}

struct lease *lease_open(uint32_t tag) {
	struct lease *lease = calloc(1, sizeof(*lease));
	if (!lease)
		return NULL;
	lease->tag = tag;
	snprintf(lease->table, sizeof(lease->table), "hamon_%08x", tag);
	lease->batch.buffer = malloc(LEASE_BATCH);
	int error = open_socket(lease);
	if (!lease->batch.buffer)
		error = -ENOMEM;
	if (!error)
		return lease;
	lease_close(lease);
	errno = -error;
	return NULL;
}

void lease_close(struct lease *lease) {
	if (!lease)
		return;
	rtnl_fini(&lease->netlink);
	free(lease->batch.buffer);
	free(lease);
}

const char *lease_table(const struct lease *lease) {
	return lease->table;
}

struct nlmsghdr *lease_request(char *buffer, uint16_t type, uint16_t flags, const char *table) {
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	request->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
	request->nlmsg_flags = NLM_F_REQUEST | flags;
	struct nfgenmsg *fixed = mnl_nlmsg_put_extra_header(request, sizeof(*fixed));
	fixed->nfgen_family = NFPROTO_NETDEV;
	mnl_attr_put_strz(request, NFTA_TABLE_NAME, table);
	return request;
}

/* ---- the table ---- */

int lease_probe(struct lease *lease, struct lease_refusal *why) {
	struct lease_plan *plan = calloc(1, sizeof(*plan));
	char table[LEASE_TABLE];
	if (!plan)
		return -ENOMEM;
	snprintf(table, sizeof(table), "probe_%08x", lease->tag);
	*plan = (struct lease_plan){
		.length = SEC,
		.interfaces_n = 1,
		.interfaces = {"lo"},
		.udp_port = CONF_PORT,
		.addresses_n = 2,
		.addresses = {{.family = AF_INET, .bytes = {192, 0, 2, 1}},
			      {.family = AF_INET6, .bytes = {0x20, 1, 0xd, 0xb8}}},
	};
	/* Made and removed in one transaction: the kernel looks at each part as ever, and nothing is left if we die. */
	lease_batch_begin(lease, table);
	lease_table_put_removal(lease);
	lease_table_put(lease, plan);
	lease_table_put_removal(lease);
	int error = lease_batch_commit(lease, why);
	free(plan);
	return error;
}

/* An interface that is not there is refused by the kernel up to some version; later ones take its name and hook it when it
 * comes. Until then it would be as if it were guarded. */
static int refuse_missing(struct lease *lease, const struct lease_plan *plan, struct lease_refusal *why) {
	for (unsigned i = 0; i < plan->interfaces_n; i++) {
		struct ifreq request = {0};
		snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", plan->interfaces[i]);
		if (ioctl(lease->netlink.fd, SIOCGIFINDEX, &request) == 0)
			continue;
		int error = -errno;
		if (why)
			snprintf(why->what, sizeof(why->what), "hooks on %s (there is no such interface)",
				 request.ifr_name);
		return error;
	}
	return 0;
}

static void check_plan(const struct lease_plan *plan) {
	assert(plan->length > 0);
	assert(plan->interfaces_n <= LEASE_INTERFACES && plan->addresses_n <= LEASE_ADDRESSES);
}

static void remember(struct lease *lease, const struct lease_plan *plan) {
	lease->plan = *plan;
	lease->known = lease_digest(lease, &lease->digest) == 0;
}

int lease_build(struct lease *lease, const struct lease_plan *plan, struct lease_refusal *why) {
	check_plan(plan);
	int error = refuse_missing(lease, plan, why);
	if (error)
		return error;
	lease_batch_begin(lease, lease->table);
	lease_table_put_removal(lease);
	lease_table_put(lease, plan);
	error = lease_batch_commit(lease, why);
	if (!error)
		remember(lease, plan);
	return error;
}

static bool has_interface(const struct lease_plan *plan, const char *name) {
	for (unsigned i = 0; i < plan->interfaces_n; i++)
		if (!strcmp(plan->interfaces[i], name))
			return true;
	return false;
}

static bool same_addresses(const struct lease_plan *a, const struct lease_plan *b) {
	return a->addresses_n == b->addresses_n &&
	       !memcmp(a->addresses, b->addresses, a->addresses_n * sizeof(a->addresses[0]));
}

static void put_changes(struct lease *lease, const struct lease_plan *old, const struct lease_plan *new) {
	for (unsigned i = 0; i < old->interfaces_n; i++)
		if (!has_interface(new, old->interfaces[i]))
			lease_table_put_interface_removal(lease, old->interfaces[i]);
	for (unsigned i = 0; i < new->interfaces_n; i++)
		if (!has_interface(old, new->interfaces[i]))
			lease_table_put_interface(lease, new->interfaces[i], new->udp_port);
		else if (old->udp_port != new->udp_port)
			lease_table_put_udp_port(lease, new->interfaces[i], new->udp_port);
	if (!same_addresses(old, new))
		lease_table_put_addresses(lease, new);
	if (old->length != new->length)
		lease_rules_put_length(lease, new->length);
}

int lease_update(struct lease *lease, const struct lease_plan *plan) {
	check_plan(plan);
	int error = lease_check(lease); /* or what somebody did to it would be taken for ours from now on */
	if (error)
		return error == -ESTALE ? -ENOENT : error;
	error = refuse_missing(lease, plan, NULL);
	if (error)
		return error;
	lease_batch_begin(lease, lease->table);
	put_changes(lease, &lease->plan, plan);
	error = lease_batch_commit(lease, NULL);
	if (!error)
		remember(lease, plan);
	return error;
}

int lease_remove(struct lease *lease) {
	lease_batch_begin(lease, lease->table);
	lease_table_put_removal(lease);
	int error = lease_batch_commit(lease, NULL);
	if (!error)
		lease->known = false;
	return error;
}

/* ---- lease and permit ---- */

int lease_permit(struct lease *lease, span_t life) {
	/* The kernel takes 0 ms for "for ever", and makes a tick of anything that is less. */
	if (life < kernel_tick() || life < MSEC)
		return -ERANGE;
	lease_batch_begin(lease, lease->table);
	/* Before Linux 6.12 an element that is there keeps the end that it had. */
	lease_table_put_flush(lease, LEASE_SET_PERMIT);
	lease_table_put_permit(lease, lease_whole_ms(life / kernel_tick() * kernel_tick()));
	return lease_batch_commit(lease, NULL);
}

int lease_drop_permit(struct lease *lease) {
	lease_batch_begin(lease, lease->table);
	lease_table_put_flush(lease, LEASE_SET_PERMIT);
	return lease_batch_commit(lease, NULL);
}

int lease_drop(struct lease *lease) {
	lease_batch_begin(lease, lease->table);
	lease_table_put_flush(lease, LEASE_SET_PERMIT);
	lease_table_put_flush(lease, LEASE_SET);
	return lease_batch_commit(lease, NULL);
}

/* The answer names the set and lists one element. Without an expiration it would never end: nothing of ours. */
static void read_expiration(void *arg, struct nlmsghdr *message) {
	span_t *left = arg;
	const struct nlattr *element =
		lease_attribute_in(lease_attribute(message, NFTA_SET_ELEM_LIST_ELEMENTS), NFTA_LIST_ELEM);
	const struct nlattr *end = lease_attribute_in(element, NFTA_SET_ELEM_EXPIRATION);
	if (end && mnl_attr_validate(end, MNL_TYPE_U64) >= 0)
		*left = (span_t)be64toh(mnl_attr_get_u64(end)) * MSEC;
}

static int element_left(struct lease *lease, const char *set, span_t *left) {
	enum { REQUEST = 256 };
	static const uint32_t key = LEASE_KEY;
	_Alignas(struct nlmsghdr) char buffer[REQUEST];
	struct nlmsghdr *request = lease_request(buffer, NFT_MSG_GETSETELEM, NLM_F_ACK, lease->table);
	mnl_attr_put_strz(request, NFTA_SET_ELEM_LIST_SET, set);
	struct nlattr *list = mnl_attr_nest_start(request, NFTA_SET_ELEM_LIST_ELEMENTS);
	struct nlattr *element = mnl_attr_nest_start(request, NFTA_LIST_ELEM);
	struct nlattr *nest = mnl_attr_nest_start(request, NFTA_SET_ELEM_KEY);
	mnl_attr_put(request, NFTA_DATA_VALUE, sizeof(key), &key);
	mnl_attr_nest_end(request, nest);
	mnl_attr_nest_end(request, element);
	mnl_attr_nest_end(request, list);

	span_t found = -1;
	int error = rtnl_ask(&lease->netlink, request, read_expiration, &found);
	if (error)
		return error;
	if (found < 0)
		return -EPROTO;
	*left = found;
	return 0;
}

int lease_left(struct lease *lease, span_t *left) {
	return element_left(lease, LEASE_SET, left);
}

int lease_permit_left(struct lease *lease, span_t *left) {
	return element_left(lease, LEASE_SET_PERMIT, left);
}
