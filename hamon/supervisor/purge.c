/* Ending the lease and removing shared IPs, as purge.h says. */
#include "hamon/supervisor/purge.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "netlink/addr.h"

/* One round finds and deletes; the next sees whether it is true. More are needed only while somebody else changes the
 * list. */
enum { ROUNDS = 5, FOUND_MAX = 1024 };

struct search {
	const struct statedir_addresses *addresses;
	unsigned n; /* found; what does not fit is found again in the next round */
	struct addr_change found[FOUND_MAX];
	int ifindex; /* the newest that was looked up, and its name */
	char interface[IF_NAMESIZE];
};

static bool is_listed(const struct search *search, const struct addr_entry *entry) {
	for (unsigned i = 0; i < search->addresses->n; i++) {
		const struct conf_ip *ip = &search->addresses->list[i];
		if (memcmp(&ip->address, &entry->address, sizeof(ip->address)) == 0 &&
		    (entry->proto == ADDR_PROTO || strcmp(ip->interface, search->interface) == 0))
			return true;
	}
	return false;
}

static void look_at(void *arg, const struct addr_entry *entry) {
	struct search *search = arg;
	if (search->ifindex != entry->ifindex) {
		search->ifindex = entry->ifindex;
		if (!if_indextoname((unsigned)entry->ifindex, search->interface))
			search->interface[0] = '\0';
	}
	if (search->n < FOUND_MAX && is_listed(search, entry))
		search->found[search->n++] =
			(struct addr_change){.ifindex = entry->ifindex, .address = entry->address, .prefix = entry->prefix};
}

/* Else deleting a primary address takes its secondaries along, the node's own perhaps among them. */
static void keep_secondaries(struct rtnl *rtnl, const struct search *search) {
	for (unsigned i = 0; i < search->n; i++)
		if (i == 0 || search->found[i].ifindex != search->found[i - 1].ifindex)
			addr_promote_secondaries(rtnl, search->found[i].ifindex);
}

/* The kernel lists a primary before its secondaries. Deleted in that order, each deletion would make it promote one of them
 * and move all the others: 2.4 s for a thousand, and 7 ms the other way round. */
static void reverse(struct search *search) {
	for (unsigned i = 0; i < search->n / 2; i++) {
		struct addr_change swap = search->found[i];
		search->found[i] = search->found[search->n - 1 - i];
		search->found[search->n - 1 - i] = swap;
	}
}

/* 0 or the -errno of the last that could not be deleted. */
static int delete_found(struct rtnl *rtnl, struct search *search, unsigned *removed) {
	int rc = 0;
	keep_secondaries(rtnl, search);
	reverse(search);
	for (unsigned at = 0; at < search->n; at += ADDR_MAX) {
		int results[ADDR_MAX];
		unsigned n = search->n - at < ADDR_MAX ? search->n - at : ADDR_MAX;
		addr_apply(rtnl, ADDR_DELETE, search->found + at, n, results);
		for (unsigned i = 0; i < n; i++) {
			if (results[i] == 0)
				(*removed)++;
			else
				rc = results[i];
		}
	}
	return rc;
}

int purge_addresses(struct rtnl *rtnl, const struct statedir_addresses *addresses, unsigned *removed) {
	int rc = 0;
	*removed = 0;
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct search search;
		search.addresses = addresses;
		search.n = 0;
		search.ifindex = 0;
		rc = addr_list(rtnl, 0, look_at, &search);
		if (rc == 0 && search.n == 0)
			return 0;
		int failed = delete_found(rtnl, &search, removed);
		if (failed < 0)
			rc = failed;
	}
	return rc < 0 ? rc : -EBUSY;
}

void purge_silence(struct lease *lease, struct rtnl *rtnl, const struct statedir_addresses *addresses, struct purged *out) {
	int rc = lease ? lease_drop(lease) : -ENOENT;
	out->table = rc == 0;
	out->lease_error = rc == -ENOENT ? 0 : rc;
	out->error = purge_addresses(rtnl, addresses, &out->removed);
}

void purge_all(struct lease *lease, struct rtnl *rtnl, const struct statedir_addresses *addresses, struct purged *out) {
	purge_silence(lease, rtnl, addresses, out);
	if (lease && out->error == 0)
		out->lease_error = lease_remove(lease);
}
