/* The table put right: see repair.h. The notices are read here apart from the daemon's own code, at their arrival, by a
 * process of higher priority than the daemon's. */
#include "tests/netns/repair.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lab/shell.h"
#include "tests/netns/owners.h"
#include "tests/netns/ruleset.h"
#include "tests/netns/times.h"

enum { LISTING = 64 << 10, NOTICES = 64 << 10, ROOM = 8 << 20, WORDS = 256 };

char *repair_listing(struct scene *scene, enum net_host host) {
	char table[RULESET_TABLE], *text = malloc(LISTING);
	if (!text)
		shell_die("out of memory");
	scene_check(scene, ruleset_table(scene, host, table), "%s has no table", net_host_name(host));
	struct shell_job job = {.ns = scene->net.ns[host], .output = text, .output_size = LISTING};
	shell_must(&job, "nft --stateless list table netdev %s", table);
	/* The elements with a timeout come and go. */
	char *out = text;
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");
		len += line[len] == '\n';
		const char *elements = memmem(line, len, "elements = ", strlen("elements = "));
		if (!elements || !memmem(line, len, " timeout ", strlen(" timeout "))) {
			memmove(out, line, len);
			out += len;
		}
		line += len;
	}
	*out = '\0';
	return text;
}

/* ---- the kernel's notices ---- */

/* What is told of the transaction that is being read. */
struct watch {
	int fd;
	char table[RULESET_TABLE];
	bool touched, made; /* our table; it was made in it */
	nanos at;           /* its end was told */
	pid_t by;
};

static void watch_open(struct scene *scene, enum net_host host, struct watch *watch) {
	struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = 1U << (NFNLGRP_NFTABLES - 1)};
	int back = shell_enter(scene->net.ns[host]), room = ROOM;
	*watch = (struct watch){.fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER)};
	if (watch->fd < 0 || setsockopt(watch->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) ||
	    bind(watch->fd, (struct sockaddr *)&address, sizeof(address)))
		shell_die("no notices of nf_tables: %s", strerror(errno));
	shell_leave(back);
	scene_check(scene, ruleset_table(scene, host, watch->table), "%s has no table", net_host_name(host));
}

/* The attribute of that number; NULL: there is none. */
static const void *attribute(const struct nlmsghdr *message, uint16_t type, size_t least) {
	const char *at = (const char *)message + NLMSG_LENGTH(sizeof(struct nfgenmsg));
	const char *end = (const char *)message + message->nlmsg_len;
	while (at + NLA_HDRLEN <= end) {
		const struct nlattr *attr = (const struct nlattr *)at;
		if (attr->nla_len < NLA_HDRLEN || at + attr->nla_len > end)
			break;
		if ((attr->nla_type & NLA_TYPE_MASK) == type && attr->nla_len >= NLA_HDRLEN + least)
			return at + NLA_HDRLEN;
		at += NLA_ALIGN(attr->nla_len);
	}
	return NULL;
}

/* Takes one message in. True: it ended a transaction that touched our table. */
static bool take(struct watch *watch, const struct nlmsghdr *message) {
	unsigned type = message->nlmsg_type & 0xff;
	if (message->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES)
		return false;
	if (type == NFT_MSG_NEWGEN) {
		const uint32_t *pid = attribute(message, NFTA_GEN_PROC_PID, sizeof(*pid));
		watch->by = pid ? (pid_t)ntohl(*pid) : 0;
		watch->at = clock_now();
		return watch->touched;
	}
	/* Number 1 is the table's name in every one of these. */
	const char *table = attribute(message, NFTA_TABLE_NAME, 1);
	if (!table || strcmp(table, watch->table) != 0)
		return false;
	watch->touched = true;
	if (type == NFT_MSG_NEWTABLE || type == NFT_MSG_DELTABLE)
		watch->made = type == NFT_MSG_NEWTABLE;
	return false;
}

/* How one change went. 0: not yet. */
struct repair {
	pid_t culprit;
	nanos broken, whole, ended; /* the last: the culprit */
};

static void read_notices(struct watch *watch, struct repair *repair) {
	static _Alignas(struct nlmsghdr) char buffer[NOTICES];
	ssize_t n = recv(watch->fd, buffer, sizeof(buffer), 0);
	if (n < 0)
		shell_die("the notices of nf_tables cannot be read: %s", strerror(errno));
	int left = (int)n;
	for (struct nlmsghdr *at = (struct nlmsghdr *)buffer; NLMSG_OK(at, (unsigned)left); at = NLMSG_NEXT(at, left)) {
		if (!take(watch, at))
			continue;
		if (watch->by == repair->culprit)
			repair->broken = watch->at;
		else if (repair->broken && !repair->whole && watch->made)
			repair->whole = watch->at;
		watch->touched = watch->made = false;
	}
}

static struct repair see_repair(struct scene *scene, enum net_host host, const char *words) {
	struct watch watch;
	char log[PAIR_PATH];
	int status;
	shell_print(log, sizeof(log), "%s/nft.log", scene->dir);
	watch_open(scene, host, &watch);
	shell_be_prompt(true);
	struct repair repair = {.culprit = shell_spawn(scene->net.ns[host], log, "nft %s", words)};
	struct pollfd ready[] = {{.fd = watch.fd, .events = POLLIN},
				 {.fd = (int)syscall(SYS_pidfd_open, repair.culprit, 0), .events = POLLIN}};
	for (nanos end = scene_patience(scene); (!repair.whole || !repair.ended) && clock_now() < end;) {
		if (poll(ready, 2, 100) <= 0)
			continue;
		if (ready[1].revents && !repair.ended) {
			repair.ended = clock_now();
			ready[1].events = 0;
		}
		if (ready[0].revents)
			read_notices(&watch, &repair);
	}
	shell_be_prompt(false);
	close(ready[1].fd);
	close(watch.fd);
	waitpid(repair.culprit, &status, 0);
	scene_check(scene, status == 0, "`nft %s` ended with %d; %s", words, status, log);
	scene_check(scene, repair.broken > 0, "`nft %s` did not touch %s", words, watch.table);
	scene_check(scene, repair.whole > 0, "%s did not make its table anew after `nft %s`", net_host_name(host), words);
	return repair;
}

/* ---- what is said of it ---- */

static void check_words(struct scene *scene, enum net_host host, const struct repair *repair) {
	char culprit[64], change[256] = "";
	shell_print(culprit, sizeof(culprit), "by nft (process %d)", (int)repair->culprit);
	scene_check(scene, pair_wait_logged(&scene->pair, host, culprit, scene_patience(scene)),
		    "%s's log does not say that the table was changed %s", net_host_name(host), culprit);
	pair_get(&scene->pair, host, "/lease/change", change, sizeof(change));
	scene_check(scene, strstr(change, culprit), "%s's status does not say %s, but %s", net_host_name(host), culprit,
		    change);
	struct pair_result result = pair_verb(&scene->pair, host, "status");
	scene_check(scene, strstr(result.output, "others changed the lease's table"),
		    "`hamon status` on %s does not warn: %s", net_host_name(host), result.output);
	free(result.output);
}

void repair_check(struct scene *scene, enum net_host host, const char *words, ...) {
	char line[WORDS];
	va_list args;
	va_start(args, words);
	int n = vsnprintf(line, sizeof(line), words, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof(line))
		shell_die("too long: nft %s", words);

	/* When nft ends, its socket is closed, and under nf_tables' lock the kernel waits until what was deleted is out of
	 * use (nft_rcv_nl_event(), net/netfilter/nf_tables_api.c): nobody changes anything before that. */
	nanos interval = times_of(scene, host, "heartbeat_ms");
	double changes = pair_number(&scene->pair, host, "/lease/changes");
	char *before = repair_listing(scene, host);
	fault_count();
	struct repair repair = see_repair(scene, host, line);
	nanos possible = repair.ended > repair.broken ? repair.ended : repair.broken;
	printf("nft %s: the table was there again after %.2f ms, nft had the lock for at most %.2f ms, heartbeats are %.1f "
	       "ms "
	       "apart\n",
	       line, clock_ms(repair.whole - repair.broken), clock_ms(possible - repair.broken), clock_ms(interval));
	scene_bound(scene, repair.whole <= possible + interval, repair.broken, repair.whole,
		    "the table was there again only after %.1f ms", clock_ms(repair.whole - repair.broken));
	char *after = repair_listing(scene, host);
	scene_check(scene, strcmp(before, after) == 0, "the table was\n%s\nand is now\n%s", before, after);
	check_words(scene, host, &repair);
	double now = pair_number(&scene->pair, host, "/lease/changes");
	scene_check(scene, now == changes + 1, "%.0f changes are counted, it was one", now - changes);
	free(before);
	free(after);
}

void repair_check_guards(struct scene *scene) {
	nanos lease = times_lease(scene, NET_HA1), fault = clock_now();
	pair_stop_all(&scene->pair, NET_HA1);
	nanos stopped = clock_now();
	scene_moved(scene, NET_HA1, NET_HA2, fault, scene->within);
	times_check_silent(scene, PAIR_SHARED, NET_HA1, fault, stopped + lease);
	pair_continue_all(&scene->pair, NET_HA1);
	scene_check(scene, scene_settle(scene) == NET_HA2, "ha1 took the role when it went on");
	owners_check(scene, PAIR_SHARED, NET_HA1, fault);
}
